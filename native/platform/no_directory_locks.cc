#include <errno.h>

#include "directory_locks.h"

// For systems on which locks on directories were never tried.
namespace indelible::platform {

Status TryLockDirectory(const Directory&, bool*) { return Status::Failed("flock", ENOSYS); }

Status UnlockDirectory(const Directory&) { return Status::Failed("flock", ENOSYS); }

Status AddLock(const Directory&, uint64_t) { return Status::Failed("fcntl", ENOSYS); }

Status RemoveLock(const Directory&, uint64_t) { return Status::Failed("fcntl", ENOSYS); }

Status FindLock(const Directory&, uint64_t, uint64_t, std::optional<LockedRange>*) {
  return Status::Failed("fcntl", ENOSYS);
}

}  // namespace indelible::platform
