#ifndef INDELIBLE_RENAME_RETRY_H_
#define INDELIBLE_RENAME_RETRY_H_

#include <string>

#include "../platform/platform.h"

namespace indelible {

// Changes of one directory's names, by the best call that there is: one that does not mind who has the files
// open, and the older one only where the first says that it does not exist here. While another program has
// one of the files open in a way that forbids the change, as virus scanners and indexers on Windows do for a
// moment with every new file, the call is repeated after growing pauses, for two seconds in all; then its
// error stands.

// Replaces what stands under `to`.
Status RenameReplacing(const platform::Directory& from_directory, const std::string& from,
                       const platform::Directory& to_directory, const std::string& to);
// The same in one directory.
Status RenameReplacing(const platform::Directory& directory, const std::string& from, const std::string& to);
// Fails with EEXIST if anything stands under `to`.
Status RenameToFree(const platform::Directory& from_directory, const std::string& from,
                    const platform::Directory& to_directory, const std::string& to);
// Removes a temporary.
Status RemoveName(const platform::Directory& directory, const std::string& name);

}  // namespace indelible

#endif  // INDELIBLE_RENAME_RETRY_H_
