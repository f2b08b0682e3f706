#ifndef INDELIBLE_RENAME_RETRY_H_
#define INDELIBLE_RENAME_RETRY_H_

#include <string>

#include "../platform/platform.h"

namespace indelible {

// Renames and removals that are retried while a file is busy. Each uses the best call available: a call that
// works while other programs have the files open, or the older call where the first does not exist. Virus
// scanners and indexers on Windows open every new file for a moment, in a way that may block the change. The
// call is then retried after growing pauses, for two seconds in all; after that its error is returned.

// Replaces `to` if it exists.
Status RenameReplacing(const platform::Directory& from_directory, const std::string& from,
                       const platform::Directory& to_directory, const std::string& to);
// Fails with EEXIST if `to` exists.
Status RenameNoReplace(const platform::Directory& from_directory, const std::string& from,
                       const platform::Directory& to_directory, const std::string& to);
// Removes a directory entry.
Status RemoveName(const platform::Directory& directory, const std::string& name);

}  // namespace indelible

#endif  // INDELIBLE_RENAME_RETRY_H_
