#include "unsynced_directories.h"

#include <errno.h>

#include <string>
#include <utility>

namespace indelible {

using platform::Directory;
using platform::Identity;

Status UnsyncedDirectories::Complete(Target* target, bool durable) {
  // Held over the calls: whoever opens a directory after it was made finds it among the unsynced ones.
  MutexLock lock(mutex_);
  const Status status = AddUnsyncedParents(target);
  return status.ok() && !target->missing.empty() ? MakeMissing(target, durable) : status;
}

Status UnsyncedDirectories::AddUnsyncedParents(Target* target) {
  Identity identity = target->identity;
  while (unsynced_.count(IdOf(identity)) > 0) {
    const Directory& child = target->extended.empty() ? target->directory : target->extended.back();
    Directory parent;
    Status status = platform::OpenDirectory(&child, "..", &parent);
    if (!status.ok()) return status;
    target->unsynced.push_back(identity);
    target->extended.push_back(std::move(parent));
    status = platform::Identify(target->extended.back(), &identity);
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

// As `mkdir -p` does.
Status UnsyncedDirectories::MakeMissing(Target* target, bool durable) {
  for (const std::string& name : target->missing) {
    if (name == ".") continue;
    Directory parent = std::move(target->directory);
    if (name != "..") {
      Status status = platform::MakeDirectory(parent, name);
      // Another process may have been faster; whether the name is durable yet only a sync of our own tells.
      if (!status.ok() && status.error() != EEXIST) return std::move(status).On(parent.path + "/" + name);
    }
    Status status = platform::OpenDirectory(&parent, name, &target->directory);
    if (!status.ok()) return status;
    status = platform::Identify(target->directory, &target->identity);
    if (!status.ok()) return status;
    if (name == "..") continue;
    target->extended.push_back(std::move(parent));
    target->unsynced.push_back(target->identity);
    if (durable) unsynced_.insert(IdOf(target->identity));
  }
  return Status::Ok();
}

void UnsyncedDirectories::Synced(const Target& target) {
  if (target.unsynced.empty()) return;
  MutexLock lock(mutex_);
  for (const Identity& identity : target.unsynced) unsynced_.erase(IdOf(identity));
}

}  // namespace indelible
