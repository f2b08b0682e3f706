#include "unsynced_directories.h"

#include <errno.h>

#include <string>
#include <utility>

#include "links.h"
#include "optional_calls.h"
#include "sync_fallback.h"

namespace indelible {

using platform::Directory;
using platform::FilesystemId;
using platform::Identity;

namespace {

// About 5 MiB of memory.
constexpr size_t kMostRemembered = 65536;

// A save holds this number of directories open until it syncs them. It syncs the others at once.
constexpr size_t kMostHeld = 16;

}  // namespace

// Like `mkdir -p`.
Status UnsyncedDirectories::MakeMissing(Target* target, bool remember) {
  for (const std::string& name : target->missing) {
    if (name == ".") continue;
    const Directory parent = std::move(target->directory);
    if (name != "..") {
      if (remember) Begin(target->identity);
      Status status = platform::MakeDirectory(parent, name);
      if (remember) End(target->identity);
      // Another process may have made it. Only a sync of our own shows that its entry is durable.
      if (!status.ok() && status.error() != EEXIST) return std::move(status).On(parent.PathOf(name));
    }
    Status status = OpenTrusted(&parent, name, &target->directory);
    if (status.ok()) status = platform::Identify(target->directory, &target->identity);
    if (!status.ok()) return status;
  }
  target->missing.clear();
  return Status::Ok();
}

// Remembers the directory before the entry exists: whoever finds the entry also finds this.
void UnsyncedDirectories::Begin(const Identity& parent) {
  MutexLock lock(mutex_);
  any_ = true;
  if (states_.size() >= kMostRemembered && states_.count(IdOf(parent)) == 0) {
    overflowed_ = true;
    return;
  }
  State& state = states_[IdOf(parent)];
  ++state.makers;
  state.change = ++changes_;
}

void UnsyncedDirectories::End(const Identity& parent) {
  MutexLock lock(mutex_);
  const auto found = states_.find(IdOf(parent));
  if (found == states_.end() || found->second.makers == 0) return;
  --found->second.makers;
  found->second.change = ++changes_;
}

bool UnsyncedDirectories::Find(const Identity& directory, uint64_t* change) {
  MutexLock lock(mutex_);
  const auto found = states_.find(IdOf(directory));
  if (found == states_.end()) return overflowed_;
  *change = found->second.change;
  return true;
}

// Up to the root of the mounted filesystem.
Status UnsyncedDirectories::VisitAbove(const Directory& directory, const Identity& identity, bool* complete,
                                       FunctionRef<Status(UnsyncedParent parent)> visit) {
  if (!any_) return Status::Ok();
  Directory below;
  Status status = platform::OpenDirectory(&directory, ".", &below);
  Identity last = identity;
  while (status.ok()) {
    UnsyncedParent parent;
    status = platform::OpenDirectory(&below, "..", &parent.directory);
    if (status.ok()) status = platform::Identify(parent.directory, &parent.identity);
    if (!status.ok()) break;
    // The root is its own parent.
    if (platform::SameFile(parent.identity, last)) return status;
    if (!(FilesystemId::Of(parent.identity) == FilesystemId::Of(identity))) return status;
    last = parent.identity;
    // Without the names of the way up, which would grow.
    parent.directory.path = directory.path;
    parent.directory.sync_waits = directory.sync_waits;
    if (!Find(last, &parent.change)) {
      below = std::move(parent.directory);
      continue;
    }
    status = platform::OpenDirectory(&parent.directory, ".", &below);
    if (status.ok()) status = visit(std::move(parent));
  }
  // A directory on the way up may not be entered.
  if (status.error() != EACCES) return status;
  *complete = false;
  return Status::Ok();
}

Status UnsyncedDirectories::AddAbove(Target* target, bool* complete) {
  std::vector<UnsyncedParent>& held = target->unsynced_parents;
  return VisitAbove(target->directory, target->identity, complete, [&](UnsyncedParent parent) {
    if (held.size() >= kMostHeld) return Sync(std::move(parent), complete);
    held.push_back(std::move(parent));
    return Status::Ok();
  });
}

Status UnsyncedDirectories::SyncAbove(const Directory& directory, const Identity& identity, bool* complete) {
  return VisitAbove(directory, identity, complete,
                    [&](UnsyncedParent parent) { return Sync(std::move(parent), complete); });
}

Status UnsyncedDirectories::Sync(UnsyncedParent parent, bool* complete) {
  Reached reached = Reached::kSubmitted;
  Status status = parent.directory.syncable ? SyncEntries(parent.directory, &reached) : Status::Ok();
  if (!status.ok() && !MayBeUnavailable(OptionalCall::kSyncDirectory, status)) return status;
  if (status.ok() && reached == Reached::kStable) {
    std::vector<UnsyncedParent> synced;
    synced.push_back(std::move(parent));
    MarkSynced(synced);
  } else {
    *complete = false;
  }
  return Status::Ok();
}

void UnsyncedDirectories::MarkSynced(const std::vector<UnsyncedParent>& parents) {
  if (parents.empty()) return;
  MutexLock lock(mutex_);
  for (const UnsyncedParent& parent : parents) {
    const auto found = states_.find(IdOf(parent.identity));
    if (found == states_.end() || found->second.makers > 0 || found->second.change != parent.change) continue;
    states_.erase(found);
  }
  any_ = overflowed_ || !states_.empty();
}

}  // namespace indelible
