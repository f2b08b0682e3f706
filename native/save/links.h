#ifndef INDELIBLE_LINKS_H_
#define INDELIBLE_LINKS_H_

#include <cstdint>
#include <string>

#include "../platform/platform.h"

// Which symbolic links are followed, and whose files are replaced, in a directory where other users may put
// entries but only the owner of an entry may remove it (sticky, and writable for a group or for all): the
// policy of fs.protected_symlinks and fs.protected_regular (proc(5)), whatever their values are. An entry
// there is trusted if it belongs to this user or to the owner of the directory. Nobody else can replace or
// rename such an entry.
namespace indelible {

// S_ISVTX (inode(7)).
inline constexpr uint32_t kStickyBit = 01000;

// The limit of the kernel (path_resolution(7)).
inline constexpr int kMostLinks = 40;

// Whether the entry is not trusted. Also for a link with several names: one of them may have been put there
// by another user (fs.protected_hardlinks).
Status CheckForeign(const platform::Directory& directory, const platform::Entry& entry, bool* foreign);

// Whether other users may put entries into the directory, and it is sticky.
Status CheckShared(const platform::Directory& directory, bool* shared);

// EACCES for an entry that is not trusted.
Status RefuseForeign(const platform::Directory& directory, const platform::Entry& entry);

// Reads a symbolic link. EACCES for one that is not trusted, EINVAL for anything but a link.
Status ReadTrustedLink(const platform::Directory& directory, const std::string& name,
                       platform::SymbolicLink* link);

// As platform::OpenDirectory. EACCES if a link on the way is not trusted.
Status OpenTrusted(const platform::Directory* base, const std::string& path, platform::Directory* directory);

}  // namespace indelible

#endif  // INDELIBLE_LINKS_H_
