#ifndef INDELIBLE_PLATFORM_DIRECTORY_LOCKS_H_
#define INDELIBLE_PLATFORM_DIRECTORY_LOCKS_H_

#include <cstdint>

#include "../base/status.h"
#include "platform.h"

// Locks on an open directory, which leave no file behind and vanish with the last descriptor of their open
// directory, however its process ends. They are the machine's own: a network filesystem keeps those of other
// machines apart only if it has such locks itself.
namespace indelible::platform {

// The whole directory, exclusively; `*locked` is false where somebody else has it.
Status TryLockDirectory(const Directory& directory, bool* locked);
Status UnlockDirectory(const Directory& directory);

// A shared lock on the one byte at `offset`, far behind anything that a directory holds. (An exclusive one
// would need a descriptor that is open for writing, which no directory has.)
Status AddLock(const Directory& directory, uint64_t offset);
Status RemoveLock(const Directory& directory, uint64_t offset);
// Any one of the bytes from `begin` to before `end` that somebody else has a lock on.
Status FindLock(const Directory& directory, uint64_t begin, uint64_t end, bool* found, uint64_t* offset);

}  // namespace indelible::platform

#endif  // INDELIBLE_PLATFORM_DIRECTORY_LOCKS_H_
