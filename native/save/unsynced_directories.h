#ifndef INDELIBLE_UNSYNCED_DIRECTORIES_H_
#define INDELIBLE_UNSYNCED_DIRECTORIES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "../base/function_ref.h"
#include "../platform/mutex.h"
#include "../platform/platform.h"
#include "target.h"

namespace indelible {

// Directories in which this process has made other directories, until a sync covers the new entries. A save
// takes a directory that exists for an old one, and its file would be lost with the directory. So every
// durable save below such a directory syncs it as well, whatever became of the save that made the entries.
class UnsyncedDirectories {
 public:
  // Makes the target's missing parents. `remember`: false in memory, where no sync follows.
  Status MakeMissing(Target* target, bool remember) EXCLUDES(mutex_);
  // Adds the unsynced directories above the target to `unsynced_parents`. `*complete` becomes false if they
  // cannot all be found or synced.
  Status AddAbove(Target* target, bool* complete) EXCLUDES(mutex_);
  // Syncs the unsynced directories above a directory. `*complete` becomes false if that is not possible.
  Status SyncAbove(const platform::Directory& directory, const platform::Identity& identity, bool* complete)
      EXCLUDES(mutex_);
  // These directories were synced.
  void MarkSynced(const std::vector<UnsyncedParent>& parents) EXCLUDES(mutex_);

  // Whether any directory may be unsynced.
  bool any() const { return any_; }

 private:
  using Id = std::tuple<uint32_t, uint32_t, uint64_t>;
  struct State {
    // The calls in progress that make an entry in it.
    uint32_t makers = 0;
    // Grows before and after each of them. A sync covers only what was made before it began.
    uint64_t change = 0;
  };
  static Id IdOf(const platform::Identity& identity) {
    return {identity.major, identity.minor, identity.inode};
  }

  void Begin(const platform::Identity& parent) EXCLUDES(mutex_);
  void End(const platform::Identity& parent) EXCLUDES(mutex_);
  bool Find(const platform::Identity& directory, uint64_t* change) EXCLUDES(mutex_);
  Status VisitAbove(const platform::Directory& directory, const platform::Identity& identity, bool* complete,
                    FunctionRef<Status(UnsyncedParent parent)> visit) EXCLUDES(mutex_);
  Status Sync(UnsyncedParent parent, bool* complete) EXCLUDES(mutex_);

  // Without the mutex, for saves that have nothing to look for.
  std::atomic<bool> any_{false};
  // Never held during a system call, which may hang.
  Mutex mutex_;
  std::map<Id, State> states_ GUARDED_BY(mutex_);
  uint64_t changes_ GUARDED_BY(mutex_) = 0;
  // Too many to remember: every directory counts as unsynced.
  bool overflowed_ GUARDED_BY(mutex_) = false;
};

}  // namespace indelible

#endif  // INDELIBLE_UNSYNCED_DIRECTORIES_H_
