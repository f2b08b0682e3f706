#ifndef INDELIBLE_PLATFORM_DIRECTORY_LOCKS_H_
#define INDELIBLE_PLATFORM_DIRECTORY_LOCKS_H_

#include <cstdint>
#include <optional>

#include "../base/status.h"
#include "platform.h"

// Locks on an open directory, or on its lock file (lock_file.h). They end with the last descriptor of the
// open directory or file, however its process ends. Those on a directory leave no file behind and are local
// to the machine. Those on a file are the server's, if the filesystem passes them on.
namespace indelible::platform {

// Locks the whole directory exclusively. `*locked` is false if another open directory has the lock.
Status TryLockDirectory(const Directory& directory, bool* locked);
Status UnlockDirectory(const Directory& directory);

// A lock on the byte at `offset`, far behind the content of any directory. An exclusive one on a lock file:
// EAGAIN if the byte is locked. A shared one on a directory: an exclusive lock needs a descriptor that is
// open for writing, and a directory cannot be opened so.
Status AddLock(const Directory& directory, uint64_t offset);
Status RemoveLock(const Directory& directory, uint64_t offset);
// A part of a directory that is locked, from `begin` to before `end`.
struct LockedRange {
  uint64_t begin = 0;
  uint64_t end = 0;
};
// Finds the part from `begin` to before `end` that one lock covers, of the locks of other open directories.
// Not necessarily the first one. Whoever may read the directory may lock any part of it, in any number of
// ranges, and the kernel goes through all of them.
Status FindLock(const Directory& directory, uint64_t begin, uint64_t end, std::optional<LockedRange>* found);

}  // namespace indelible::platform

#endif  // INDELIBLE_PLATFORM_DIRECTORY_LOCKS_H_
