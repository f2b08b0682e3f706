#ifndef INDELIBLE_UNSYNCED_DIRECTORIES_H_
#define INDELIBLE_UNSYNCED_DIRECTORIES_H_

#include <cstdint>
#include <set>
#include <tuple>

#include "../platform/mutex.h"
#include "../platform/platform.h"
#include "target.h"

namespace indelible {

// Directories that durable saves have made and whose directory entries no sync has covered yet. Another save
// would take such a directory for an old one, and its own file would be lost with it. So every save below
// syncs that entry as well.
class UnsyncedDirectories {
 public:
  // Adds the directories that the target has to sync because its existing parents are unsynced, then makes
  // the missing parents. Only with `durable` are those remembered as unsynced.
  Status PrepareParents(Target* target, bool durable) EXCLUDES(mutex_);
  // The entries of the target's unsynced parents are durable now.
  void MarkSynced(const Target& target) EXCLUDES(mutex_);

 private:
  using Id = std::tuple<uint32_t, uint32_t, uint64_t>;
  static Id IdOf(const platform::Identity& identity) {
    return {identity.major, identity.minor, identity.inode};
  }

  Status AddUnsyncedParents(Target* target) REQUIRES(mutex_);
  Status MakeMissing(Target* target, bool durable) REQUIRES(mutex_);

  Mutex mutex_;
  std::set<Id> unsynced_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_UNSYNCED_DIRECTORIES_H_
