#ifndef INDELIBLE_NAME_CHANGE_H_
#define INDELIBLE_NAME_CHANGE_H_

#include <string>

#include "platform/platform.h"

namespace indelible {

// A name as the facade has cut it: the directory's path and the last component.
struct Name {
  std::string directory;
  std::string last;
};

// Each call changes names in one step and then, with `durable`, syncs the directories that it changed.
// `*published` says whether the change has been made, also where a sync failed afterwards.

// Swaps what stands under the two names, of any kind.
Status Exchange(const Name& one, const Name& other, bool durable, bool* published);
// Fails with EEXIST if anything stands under `to`.
Status RenameExclusive(const Name& from, const Name& to, bool durable, bool* published);
// Makes `name` a symbolic link to `target`, by way of one under the name `temporary` beside it. Replaces only
// a symbolic link: EEXIST for anything else.
Status ReplaceSymlink(const std::string& target, const Name& name, const std::string& temporary, bool durable,
                      bool* published);

}  // namespace indelible

#endif  // INDELIBLE_NAME_CHANGE_H_
