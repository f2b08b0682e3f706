#ifndef INDELIBLE_PLATFORM_POSIX_H_
#define INDELIBLE_PLATFORM_POSIX_H_

#include <sys/stat.h>

#include "platform.h"

// Shared by the files of Linux and macOS, and what posix.cc needs from each of them.
namespace indelible::platform::posix {

inline int Number(const Descriptor& descriptor) { return static_cast<int>(descriptor.get()); }
inline int Number(const Directory& directory) { return Number(directory.descriptor); }

// Success, or errno if `result` is negative.
Status Checked(int result, const char* syscall);

Entry::Kind KindOf(mode_t mode);
Attributes AttributesOf(const struct stat& info);
// Without the mount point.
Entry EntryOf(const struct stat& info);
// The version of the file `name` in a directory, or of the open file if it is null. False: see errno.
bool FindVersion(int descriptor, const char* name, FileVersion* version);
// `path` as seen from the directory that `base` was opened by.
std::string PathFrom(const Directory* base, const std::string& path);

}  // namespace indelible::platform::posix

#endif  // INDELIBLE_PLATFORM_POSIX_H_
