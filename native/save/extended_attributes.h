#ifndef INDELIBLE_EXTENDED_ATTRIBUTES_H_
#define INDELIBLE_EXTENDED_ATTRIBUTES_H_

#include <string>

#include "../platform/platform.h"

namespace indelible {

// Whether the new version has the owner and the group of the old one. Rights and labels that depend on the
// owner or group are not copied to another one.
struct KeptOwnership {
  bool owner = true;
  bool group = true;
  // Whether the mode is taken over. If it is not, the access list stays as the system has made it.
  bool mode = true;
};

// Gives `file` the extended attributes of the file `name` (access lists and security labels among them), and
// removes those that only the default access list of the directory has given it. Attributes that the process
// may not read or set are left out; every other failure is returned. `*mode_changed`: an access list was set
// or removed, and with it the group bits of the mode.
Status PreserveExtendedAttributes(const platform::Directory& directory, const std::string& name,
                                  KeptOwnership kept, const platform::Descriptor& file, bool* mode_changed);

// Gives `file` the access control list of the file `name`, where that is not an extended attribute, as far as
// the process may and the filesystem has access control lists.
Status PreserveAccessList(const platform::Directory& directory, const std::string& name,
                          const platform::Descriptor& file);

}  // namespace indelible

#endif  // INDELIBLE_EXTENDED_ATTRIBUTES_H_
