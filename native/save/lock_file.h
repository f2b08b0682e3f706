#ifndef INDELIBLE_LOCK_FILE_H_
#define INDELIBLE_LOCK_FILE_H_

#include <string>

#include "../platform/platform.h"

namespace indelible {

// Opens the lock file of a directory, an empty file that is never removed, and makes it if it is missing.
// Whoever may write the directory may lock it, and nobody else, as far as mode and group can say that: where
// the directory has an access list, its group may not. EACCES for anything but a regular file with one name
// that is trusted (links.h): another user may have put it there. A symbolic link is not followed (ELOOP).
Status OpenLockFile(const platform::Directory& directory, const std::string& name,
                    const platform::FilesystemId& filesystem, platform::Directory* lock_file);

// Whether the name still leads to this lock file.
Status IsLockFile(const platform::Directory& directory, const std::string& name,
                  const platform::Identity& lock_file, bool* is);

}  // namespace indelible

#endif  // INDELIBLE_LOCK_FILE_H_
