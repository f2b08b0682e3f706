#ifndef INDELIBLE_UNSYNCED_DIRECTORIES_H_
#define INDELIBLE_UNSYNCED_DIRECTORIES_H_

#include <cstdint>
#include <set>
#include <tuple>

#include "../platform/mutex.h"
#include "../platform/platform.h"
#include "target.h"

namespace indelible {

// The directories that durable saves have made and whose names no sync has covered yet. A save that finds
// such a directory would take it for an old one, and its own file would be lost with it: so it syncs the name
// as well.
class UnsyncedDirectories {
 public:
  // Adds what the target has to sync because its existing parents are unsynced, then makes the missing ones.
  // Only with `durable` are those remembered as unsynced.
  Status Complete(Target* target, bool durable) EXCLUDES(mutex_);
  // The target's unsynced parents have durable names now.
  void Synced(const Target& target) EXCLUDES(mutex_);

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
