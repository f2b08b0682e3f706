#ifndef INDELIBLE_TREE_H_
#define INDELIBLE_TREE_H_

#include <string>

#include "platform/platform.h"

namespace indelible {

// Whole trees of directories and files. Symbolic links are never followed, and no other mount is entered: one
// inside is an error (kMountPoint). Each level that is entered holds a descriptor.

// Makes every file and every directory of the tree under the name durable, each by a sync of its own.
Status SyncTree(const platform::Directory& parent, const std::string& name);

// Removes a directory with everything in it, or whatever else stands under the name. Others may remove it at
// the same time.
Status RemoveTree(const platform::Directory& parent, const std::string& name);

}  // namespace indelible

#endif  // INDELIBLE_TREE_H_
