#ifndef INDELIBLE_PREVIOUS_VERSION_H_
#define INDELIBLE_PREVIOUS_VERSION_H_

#include <string>

#include "../platform/platform.h"
#include "plan.h"
#include "target.h"
#include "temporary.h"

namespace indelible {

// The location where a save keeps the old version (`keepPrevious`): an open directory and a name in it.
//
// Before the rename the old version gets the name, as a hard link that is renamed over the file at the
// location. So at every moment at least one of the two names leads to the old version. The new version then
// gets its name by an exchange, which shows the version that was really replaced. If another program replaced
// the file in between, its version is moved to the location.
class PreviousVersion {
 public:
  // Opens the location. Fails for an impossible location: on another filesystem, a directory, the target
  // itself. Changes nothing.
  Status Open(const platform::Directory* base, const std::string& path, const Target& target);
  // Before publication: keeps the version under the target's name, as durable as the plan makes the new
  // version. ENOENT if the target does not exist any more. `now` is the entry found there.
  Status Keep(const Target& target, const ExistingEntry& now, const Plan& plan, const Temporary& temporary);
  // After the exchange, which has left the replaced version under the temporary's name: moves it to the
  // location if it is not the version kept already.
  Status KeepExchanged(const Target& target, const Plan& plan, const Temporary& temporary);

  const platform::Directory& directory() const { return directory_; }
  const platform::Identity& identity() const { return identity_; }
  // The entry at the location is not on disk yet, and the sync of the target directory does not cover it.
  bool NeedsSync() const { return unsynced_ && !in_target_directory_; }
  // False if its directory, or the old version itself, turned out to have no sync.
  bool syncable() const { return syncable_; }

 private:
  Status CheckLocation(const Target& target, const platform::Entry& replaced,
                       const platform::Entry& existing) const;
  Status Link(const Target& target, const ExistingEntry& now, const Plan& plan, const Temporary& temporary);
  Status RefuseToKeep(const Target& target, const ExistingEntry& now) const;
  Status SyncContent(const platform::Directory& directory, const std::string& name,
                     const platform::Entry& entry, FileSync how, const Temporary& temporary);
  Status SyncName(const Temporary& temporary);

  std::string path_;
  platform::Directory directory_;
  platform::Identity identity_;
  std::string name_;
  bool in_target_directory_ = false;
  // The entry at the location since Keep.
  platform::Entry kept_;
  bool unsynced_ = false;
  bool syncable_ = true;
};

}  // namespace indelible

#endif  // INDELIBLE_PREVIOUS_VERSION_H_
