#ifndef INDELIBLE_PREVIOUS_VERSION_H_
#define INDELIBLE_PREVIOUS_VERSION_H_

#include <string>

#include "../platform/platform.h"
#include "plan.h"
#include "target.h"
#include "temporary.h"

namespace indelible {

// Where a save keeps the version that it replaces: an open directory and a name in it.
//
// The old version gets the name (a hard link, renamed over what stood there) before the new one gets the
// target's, so that at any moment one of the two names leads to it. The new version then comes by an
// exchange, which tells what it has really replaced: should somebody else have put a version of his own there
// in between, that one is moved to the name.
class PreviousVersion {
 public:
  // Opens the place, and refuses what can be no place: another filesystem, a directory, the target itself. It
  // changes nothing.
  Status Open(const std::string& path, const Target& target);
  // Before the publication: what stands under the target's name is kept, as safe on disk as the plan makes
  // the new version. ENOENT if nothing stands there any more. `now` is what was found there.
  Status Keep(const Target& target, const platform::Entry& now, const Plan& plan, const Temporary& temporary);
  // After the exchange, which has left the replaced version under the temporary's name: what is still to be
  // kept is moved from there.
  Status Settle(const Target& target, const Plan& plan, const Temporary& temporary);

  const platform::Directory& directory() const { return directory_; }
  // The kept name is not on disk yet, and the target directory's sync does not cover it.
  bool NeedsSync() const { return unsynced_ && !in_target_directory_; }
  // False where its directory, or the old version itself, turned out to have no sync.
  bool syncable() const { return syncable_; }

 private:
  Status Refuse(const Target& target, const platform::Entry& replaced, const platform::Entry& found) const;
  Status Link(const Target& target, const Plan& plan, const Temporary& temporary);
  Status SyncContent(const platform::Directory& directory, const std::string& name,
                     const platform::Entry& entry, FileSync how, const Temporary& temporary);
  Status SyncName(const Temporary& temporary);

  std::string path_;
  platform::Directory directory_;
  std::string name_;
  bool in_target_directory_ = false;
  // What stands under the name since Keep.
  platform::Entry kept_;
  bool unsynced_ = false;
  bool syncable_ = true;
};

}  // namespace indelible

#endif  // INDELIBLE_PREVIOUS_VERSION_H_
