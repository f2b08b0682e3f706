#ifndef INDELIBLE_PLATFORM_POSIX_H_
#define INDELIBLE_PLATFORM_POSIX_H_

#include <sys/stat.h>

#include "platform.h"

// What the files of Linux and macOS share, and what posix.cc needs from each of them.
namespace indelible::platform::posix {

inline int Number(const Descriptor& descriptor) { return static_cast<int>(descriptor.get()); }
inline int Number(const Directory& directory) { return Number(directory.descriptor); }

// From what a call returned and, if that is not 0, errno.
Status Checked(int result, const char* syscall);

Entry::Kind KindOf(mode_t mode);
Attributes AttributesOf(const struct stat& info);
FileVersion VersionOf(const struct stat& info);
// What `path` is called once it is looked up from `base`.
std::string PathFrom(const Directory* base, const std::string& path);

// Locks of the open file, not of the process: they survive close() of a duplicate, and neither fork nor pid
// reuse confuses them. Both return 0, or -1 and errno at once: EAGAIN or EACCES where the lock is held.
int LockForWriter(int descriptor);
// Conflicts with the writer's and needs no right to write.
int LockForSweeper(int descriptor);

}  // namespace indelible::platform::posix

#endif  // INDELIBLE_PLATFORM_POSIX_H_
