#include "unsynced_directories.h"

#include <errno.h>

#include <string>
#include <utility>

namespace indelible {

using platform::Directory;
using platform::Identity;

Status UnsyncedDirectories::PrepareParents(Target* target, bool durable) {
  // Locked during the calls: a save that opens a directory after it was made finds it here.
  MutexLock lock(mutex_);
  const Status status = AddUnsyncedParents(target);
  return status.ok() && !target->missing.empty() ? MakeMissing(target, durable) : status;
}

Status UnsyncedDirectories::AddUnsyncedParents(Target* target) {
  Identity identity = target->identity;
  while (unsynced_.count(IdOf(identity)) > 0) {
    const Directory& child =
        target->parents_to_sync.empty() ? target->directory : target->parents_to_sync.back();
    Directory parent;
    Status status = platform::OpenDirectory(&child, "..", &parent);
    if (!status.ok()) return status;
    target->unsynced_parents.push_back(identity);
    target->parents_to_sync.push_back(std::move(parent));
    status = platform::Identify(target->parents_to_sync.back(), &identity);
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

// Like `mkdir -p`.
Status UnsyncedDirectories::MakeMissing(Target* target, bool durable) {
  for (const std::string& name : target->missing) {
    if (name == ".") continue;
    Directory parent = std::move(target->directory);
    if (name != "..") {
      Status status = platform::MakeDirectory(parent, name);
      // Another process may have made it. Only a sync of our own shows that its entry is durable.
      if (!status.ok() && status.error() != EEXIST) return std::move(status).On(parent.PathOf(name));
    }
    Status status = platform::OpenDirectory(&parent, name, &target->directory);
    if (!status.ok()) return status;
    status = platform::Identify(target->directory, &target->identity);
    if (!status.ok()) return status;
    if (name == "..") continue;
    target->parents_to_sync.push_back(std::move(parent));
    target->unsynced_parents.push_back(target->identity);
    if (durable) unsynced_.insert(IdOf(target->identity));
  }
  return Status::Ok();
}

void UnsyncedDirectories::MarkSynced(const Target& target) {
  if (target.unsynced_parents.empty()) return;
  MutexLock lock(mutex_);
  for (const Identity& identity : target.unsynced_parents) unsynced_.erase(IdOf(identity));
}

}  // namespace indelible
