#ifndef INDELIBLE_EXTENDED_ATTRIBUTES_H_
#define INDELIBLE_EXTENDED_ATTRIBUTES_H_

#include <string>

#include "../platform/platform.h"

namespace indelible {

// What of the owner the new version has taken over: rights and labels that speak of the old one go no
// further.
struct Kept {
  bool owner = true;
  bool group = true;
};

// Gives `file` the extended attributes (ACLs and security labels among them) of what stands under `name`, and
// takes away those that only the directory's default ACL has given it. What the process may not read or set
// is left out; every other failure is one. `*mode_changed`: an ACL was set or removed, and the mode's group
// bits with it.
Status CopyExtendedAttributes(const platform::Directory& directory, const std::string& name, Kept kept,
                              const platform::Descriptor& file, bool* mode_changed);

// Gives the file the access control list of what stands under `name`, as far as the process may and the
// filesystem has any, where that is not one of the extended attributes.
Status TakeOverAccessList(const platform::Directory& directory, const std::string& name,
                          const platform::Descriptor& file);

}  // namespace indelible

#endif  // INDELIBLE_EXTENDED_ATTRIBUTES_H_
