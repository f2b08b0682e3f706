#include "directory_replacement.h"

#include <errno.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "place.h"
#include "platform/platform.h"
#include "save/sync_ladder.h"
#include "save/temporary_name.h"
#include "tree.h"

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;

// How often a path may be found free and then taken, or taken and then free.
constexpr int kMostAttempts = 10;

// Of a tree that is being removed; random characters follow (src/sweep.ts).
constexpr char kDoomed[] = ".indelible-tree-";

class DirectoryReplacement {
 public:
  DirectoryReplacement(const DirectoryReplacementRequest& request, DirectoryReplacementOutcome* outcome)
      : request_(request), outcome_(*outcome) {}

  Status Run(PlanCache* plans);

 private:
  bool Keeps() const { return !request_.previous.empty(); }
  std::vector<const Place*> Places() const;
  Status OpenPlaces();
  Status Decide(PlanCache* plans);
  Status Check() const;
  Status CheckDirectory(const Place& place, bool must_exist) const;
  Status CheckMounts() const;
  Status CheckApart(const Place& one, const Place& other) const;
  Status SyncStaged() const;
  Status Put(const Place& to, bool* replaced) const;
  Status Explain(Status status, const Place& to) const;
  Status SyncNames(std::initializer_list<const Place*> places);
  Status SeeToOldTree();

  const DirectoryReplacementRequest& request_;
  DirectoryReplacementOutcome& outcome_;
  Plan plan_;
  Place staged_;
  Place path_;
  Place previous_;
};

Status DirectoryReplacement::Run(PlanCache* plans) {
  Status status = OpenPlaces();
  if (status.ok()) status = Decide(plans);
  if (!status.ok() || outcome_.undecided) return status;
  status = Check();
  if (status.ok()) status = SyncStaged();
  if (status.ok()) status = Put(path_, &outcome_.replaced);
  if (!status.ok()) return status;
  outcome_.published = true;
  // Where a filesystem orders nothing by itself, the new names must be safe before the old tree can go.
  if (plan_.sync_directory() || (outcome_.replaced && plan_.file_sync() == FileSync::kData)) {
    status = SyncNames({&path_, &staged_});
    if (!status.ok()) return status;
  }
  return outcome_.replaced ? SeeToOldTree() : Status::Ok();
}

std::vector<const Place*> DirectoryReplacement::Places() const {
  std::vector<const Place*> places{&staged_, &path_};
  if (Keeps()) places.push_back(&previous_);
  return places;
}

Status DirectoryReplacement::OpenPlaces() {
  Status status = staged_.Open(request_.staged);
  if (status.ok()) status = path_.Open(request_.path);
  if (status.ok() && Keeps()) status = previous_.Open(request_.previous);
  // With the slash, a symbolic link would be followed.
  for (Place* place : {&staged_, &path_, &previous_}) {
    if (!place->name.empty() && place->name.back() == '/') place->name.pop_back();
  }
  return status;
}

Status DirectoryReplacement::Decide(PlanCache* plans) {
  Decision decision = Decision::Default();
  if (!plans->Find(FilesystemId::Of(path_.identity), &decision, &outcome_.needed)) {
    if (!request_.insist) {
      outcome_.undecided = true;
      outcome_.needed.directory = path_.directory.path;
      return Status::Ok();
    }
  }
  plan_ = decision.PlanFor(request_.plan);
  outcome_.achieves = plan_.hold_replaced ? Durability::kNone : plan_.achieves;
  bool syncable = true;
  for (const Place* place : Places()) syncable = syncable && place->directory.syncable;
  // Where nothing orders a filesystem's writes, the two trees are not certain to be found
  // (docs/durability.md).
  if (request_.strict && (plan_.falls_short() || plan_.hold_replaced || (plan_.sync_directory() && !syncable))) {
    return Status::Failed(Status::Reason::kNotDurable, "open", ENOTSUP).On(request_.path);
  }
  return Status::Ok();
}

// Before anything is written or changed: what the kernel would refuse only after a large tree was synced.
Status DirectoryReplacement::Check() const {
  for (const Place* place : Places()) {
    if (!(FilesystemId::Of(place->identity) == FilesystemId::Of(path_.identity)))
      return Status::Failed("rename", EXDEV)
          .On(request_.staged, place == &staged_ ? request_.path : *place->path);
    if (place->name == "." || place->name == "..") return Status::Failed("rename", EBUSY).On(*place->path);
  }
  Status status = CheckDirectory(staged_, true);
  if (status.ok()) status = CheckDirectory(path_, false);
  if (status.ok()) status = CheckApart(staged_, path_);
  if (status.ok()) status = CheckMounts();
  if (status.ok() && Keeps()) status = CheckDirectory(previous_, false);
  if (status.ok() && Keeps()) status = CheckApart(previous_, path_);
  if (status.ok() && Keeps()) status = CheckApart(previous_, staged_);
  return status;
}

Status DirectoryReplacement::CheckDirectory(const Place& place, bool must_exist) const {
  Entry entry;
  Status status = platform::LookUp(place.directory, place.name, &entry);
  if (status.ok() && entry.kind == Entry::Kind::kMissing) {
    if (!must_exist) return status;
    status = Status::Failed("open", ENOENT);
  } else if (status.ok() && entry.kind != Entry::Kind::kDirectory) {
    status = Status::Failed(Status::Reason::kNotADirectory, "open", ENOTDIR);
  } else if (status.ok() && entry.mount_point) {
    status = Status::Failed(Status::Reason::kMountPoint, "rename", EBUSY);
  }
  return status.ok() ? status : std::move(status).On(*place.path);
}

// A filesystem mounted in the old tree would move along and stand in the way of its removal; one in the new
// tree would not be made durable. What cannot be seen is not refused: the removal enters no mount.
Status DirectoryReplacement::CheckMounts() const {
  const std::vector<std::string> points = platform::MountPoints();
  for (const Place* place : Places()) {
    std::string prefix;
    if (!platform::RealPath(place->directory, &prefix).ok()) continue;
    if (prefix != "/") prefix += '/';
    prefix += place->name + "/";
    for (const std::string& point : points) {
      if (point.compare(0, prefix.size(), prefix) == 0)
        return Status::Failed(Status::Reason::kMountPoint, "rename", EBUSY).On(point);
    }
  }
  return Status::Ok();
}

// rename(2): EINVAL, a directory would become a part of itself.
Status DirectoryReplacement::CheckApart(const Place& one, const Place& other) const {
  const bool same = platform::SameFile(one.identity, other.identity) && one.name == other.name;
  if (!same && !IsInside(one, other) && !IsInside(other, one)) {
    Entry first;
    Entry second;
    // The same by another spelling, in a directory that folds case.
    if (!platform::LookUp(one.directory, one.name, &first).ok() || first.kind == Entry::Kind::kMissing ||
        !platform::LookUp(other.directory, other.name, &second).ok() ||
        second.kind == Entry::Kind::kMissing || !platform::SameFile(first.identity, second.identity))
      return Status::Ok();
  }
  return Status::Failed("rename", EINVAL).On(*one.path, *other.path);
}

Status DirectoryReplacement::SyncStaged() const {
  if (plan_.file_sync() == FileSync::kNone) return Status::Ok();
  if (!plan_.sync_filesystem) return SyncTree(staged_.directory, staged_.name);
  Directory staged;
  Status status = platform::OpenSubdirectory(staged_.directory, staged_.name, &staged);
  if (status.ok()) status = platform::SyncFilesystem(staged.descriptor);
  // As in Temporary::SyncFilesystem, where there is no journal.
  Reach reach = Reach::kStable;
  if (status.ok()) status = indelible::SyncNames(staged, &reach);
  return status.ok() ? status : std::move(status).On(request_.staged);
}

// What stands under the staged path gets the name `to`, and what stood there, if anything did, the staged
// path: in one step.
Status DirectoryReplacement::Put(const Place& to, bool* replaced) const {
  Status status;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    status = CheckDirectory(to, false);
    if (!status.ok()) return status;
    status = platform::Exchange(staged_.directory, staged_.name, to.directory, to.name);
    *replaced = status.ok();
    if (status.ok()) return status;
    if (status.error() == ENOENT) {
      // Nothing stands there; or nothing under the staged path, as this says.
      status = platform::RenameExclusive(staged_.directory, staged_.name, to.directory, to.name);
      // rename(2) replaces nothing but an empty directory.
      if (platform::IsUnsupported(status.error()))
        status = platform::Rename(staged_.directory, staged_.name, to.directory, to.name);
      if (status.ok()) return status;
    }
    if (status.error() != EEXIST && status.error() != ENOTEMPTY) break;
  }
  return Explain(std::move(status), to);
}

// What the error number alone does not tell.
Status DirectoryReplacement::Explain(Status status, const Place& to) const {
  Status::Reason reason = Status::Reason::kSystemCall;
  if (status.error() == EBUSY) {
    for (const Place* place : {&staged_, &to}) {
      Entry entry;
      if (platform::LookUp(place->directory, place->name, &entry).ok() && entry.mount_point)
        reason = Status::Reason::kMountPoint;
    }
  } else if (platform::IsUnsupported(status.error())) {
    reason = Status::Reason::kUnsupported;
  }
  return Status::Failed(reason, status.syscall(), status.error()).On(request_.staged, *to.path);
}

// In this order: after a crash between two of them there may be both names, never neither.
Status DirectoryReplacement::SyncNames(std::initializer_list<const Place*> places) {
  std::vector<const Place*> synced;
  for (const Place* place : places) {
    bool again = false;
    for (const Place* earlier : synced)
      again = again || platform::SameFile(earlier->identity, place->identity);
    if (again) continue;
    synced.push_back(place);
    if (!place->directory.syncable) {
      outcome_.names_synced = false;
      continue;
    }
    Reach reach = Reach::kHandedOver;
    Status status = indelible::SyncNames(place->directory, &reach);
    if (status.ok() && reach == Reach::kStable) continue;
    if (!status.ok() && !platform::IsUnsupported(status.error())) return std::move(status).On(*place->path);
    outcome_.names_synced = false;
  }
  return Status::Ok();
}

Status DirectoryReplacement::SeeToOldTree() {
  if (Keeps()) {
    bool replaced = false;
    Status status = Put(previous_, &replaced);
    if (status.ok() && plan_.sync_directory()) status = SyncNames({&previous_, &staged_});
    // Otherwise what was kept before stands under the staged path now.
    if (!status.ok() || !replaced) return status;
  }
  std::string own;
  Status status = TemporaryName(&own);
  if (!status.ok()) return status;
  const std::string doomed = kDoomed + own.substr(own.rfind('-') + 1);
  status = platform::Rename(staged_.directory, staged_.name, staged_.directory, doomed);
  if (!status.ok()) return std::move(status).On(request_.staged, staged_.directory.path + "/" + doomed);
  if (plan_.file_sync() == FileSync::kData) {
    status = SyncNames({&staged_});
    if (!status.ok()) return status;
  }
  return RemoveTree(staged_.directory, doomed);
}

}  // namespace

DirectoryReplacementOutcome ReplaceDirectory(const DirectoryReplacementRequest& request,
                                             PlanCache* plans) {
  DirectoryReplacementOutcome outcome;
  outcome.status = DirectoryReplacement(request, &outcome).Run(plans);
  return outcome;
}

}  // namespace indelible
