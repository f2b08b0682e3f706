#include "name_change.h"

#include <errno.h>

#include <memory>
#include <utility>

#include "place.h"
#include "platform/platform.h"
#include "save/held_version.h"
#include "save/rename_ladder.h"
#include "save/sync_ladder.h"

namespace indelible {

namespace {

using platform::Entry;

// How often a link's name may be found free and then taken, or taken and then free.
constexpr int kMostAttempts = 10;

class NameChange {
 public:
  NameChange(const NameChangeRequest& request, NameChangeOutcome* outcome)
      : request_(request), outcome_(*outcome) {}

  Status Run(PlanCache* plans);

 private:
  Status Decide(PlanCache* plans);
  Status Change();
  Status Rename();
  Status ReplaceSymlink();
  Status LinkInstead();
  Status SyncLink();
  Status Explain(Status status) const;
  Status Sync(const Place& place);
  bool HasTwoPlaces() const { return request_.kind != NameChangeRequest::Kind::kReplaceSymlink; }
  bool HasTwoDirectories() const {
    return HasTwoPlaces() && !platform::SameFile(from_.identity, to_.identity);
  }

  const NameChangeRequest& request_;
  NameChangeOutcome& outcome_;
  Plan plan_;
  Place from_;
  Place to_;
  // The new link needs more than its directory's sync.
  bool link_unsynced_ = false;
  // The replaced link, until the new one is synced, on a filesystem that needs that.
  std::unique_ptr<HeldVersion> held_;
};

Status NameChange::Run(PlanCache* plans) {
  if (HasTwoPlaces()) {
    Status status = from_.Open(request_.from);
    if (!status.ok()) return status;
  }
  Status status = to_.Open(request_.to);
  if (!status.ok()) return status;
  status = Decide(plans);
  if (!status.ok() || outcome_.undecided) return status;
  status = Change();
  if (!status.ok()) return status;
  outcome_.published = true;
  if (!plan_.sync_directory()) return Status::Ok();
  if (link_unsynced_) {
    status = SyncLink();
    if (!status.ok()) return status;
  }
  // The new name first: after a crash between the two there may be both names, never neither.
  status = Sync(to_);
  if (status.ok() && HasTwoDirectories()) status = Sync(from_);
  // The first error is the one to report.
  Status removed = held_ == nullptr ? Status::Ok() : held_->Release();
  return status.ok() ? std::move(removed) : std::move(status);
}

Status NameChange::Decide(PlanCache* plans) {
  Decision decision = Decision::Default();
  if (!plans->Find(FilesystemId::Of(to_.identity), &decision, &outcome_.needed)) {
    if (!request_.insist) {
      outcome_.undecided = true;
      outcome_.needed.directory = to_.directory.path;
      return Status::Ok();
    }
  }
  plan_ = decision.PlanFor(request_.plan);
  outcome_.achieves = plan_.achieves;
  const bool syncable = to_.directory.syncable && (!HasTwoPlaces() || from_.directory.syncable);
  if (request_.strict && (plan_.falls_short() || (plan_.sync_directory() && !syncable))) {
    return Status::Failed(Status::Reason::kNotDurable, "open", ENOTSUP).On(request_.to);
  }
  return Status::Ok();
}

Status NameChange::Change() {
  switch (request_.kind) {
    case NameChangeRequest::Kind::kExchange:
      return Explain(platform::Exchange(from_.directory, from_.name, to_.directory, to_.name));
    case NameChangeRequest::Kind::kRenameExclusive:
      return Explain(RenameToFree(from_.directory, from_.name, to_.directory, to_.name));
    case NameChangeRequest::Kind::kReplaceSymlink:
      return ReplaceSymlink();
  }
  return Status::Ok();
}

// What the error number alone does not tell.
Status NameChange::Explain(Status status) const {
  if (status.ok()) return status;
  Status::Reason reason = Status::Reason::kSystemCall;
  if (status.error() == EBUSY) {
    for (const Place* place : {&from_, &to_}) {
      Entry entry;
      if (platform::LookUp(place->directory, place->name, &entry).ok() && entry.mount_point)
        reason = Status::Reason::kMountPoint;
    }
  } else if (platform::IsUnsupported(status.error())) {
    // rename(2): EINVAL also says that a directory would become a part of itself.
    const bool impossible = status.error() == EINVAL &&
                            (IsInside(to_, from_) ||
                             (request_.kind == NameChangeRequest::Kind::kExchange && IsInside(from_, to_)));
    if (!impossible) reason = Status::Reason::kUnsupported;
  }
  return Status::Failed(reason, status.syscall(), status.error()).On(request_.from, request_.to);
}

Status NameChange::ReplaceSymlink() {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    Entry entry;
    Status status = platform::LookUp(to_.directory, to_.name, &entry);
    if (!status.ok()) return std::move(status).On(request_.to);
    if (entry.kind == Entry::Kind::kSymlink) return LinkInstead();
    if (entry.kind != Entry::Kind::kMissing)
      return Status::Failed(Status::Reason::kNotASymlink, "lstat", EEXIST).On(request_.to);
    status = platform::MakeSymlink(request_.from, to_.directory, to_.name);
    if (status.ok()) {
      link_unsynced_ = plan_.hold_replaced;
      return status;
    }
    if (status.error() != EEXIST) return std::move(status).On(request_.from, request_.to);
  }
  return Status::Failed("symlink", EEXIST).On(request_.from, request_.to);
}

// A new link under a name of its own, which then takes the old one's.
Status NameChange::LinkInstead() {
  const std::string temporary = to_.directory.path + "/" + request_.temporary;
  Status status = platform::MakeSymlink(request_.from, to_.directory, request_.temporary);
  if (!status.ok()) return std::move(status).On(request_.from, temporary);
  if (plan_.hold_replaced) status = SyncLink();
  if (status.ok() && plan_.hold_replaced) {
    held_ = std::make_unique<HeldVersion>(to_.directory);
    held_->Hold(to_.name, request_.held);
  }
  if (status.ok()) status = RenameReplacing(to_.directory, request_.temporary, to_.name);
  if (status.ok()) return status;
  // The first error is the one to report; what cannot be removed is left to a sweep.
  static_cast<void>(RemoveName(to_.directory, request_.temporary).ok());
  return std::move(status).On(temporary, request_.to);
}

// Without a journal a directory's sync does not take a new link's inode along (fs/ext4/fsync.c,
// ext4_fsync_nojournal), and a link cannot be opened to be synced.
Status NameChange::SyncLink() {
  if (!to_.directory.syncable) return Status::Ok();
  Status status = platform::SyncFilesystem(to_.directory.descriptor);
  return status.ok() ? status : std::move(status).On(request_.to);
}

Status NameChange::Sync(const Place& place) {
  if (!place.directory.syncable) {
    outcome_.names_synced = false;
    return Status::Ok();
  }
  Reach reach = Reach::kHandedOver;
  Status status = SyncNames(place.directory, &reach);
  if (status.ok()) {
    if (reach != Reach::kStable) outcome_.names_synced = false;
    return status;
  }
  if (platform::IsUnsupported(status.error())) {
    outcome_.names_synced = false;
    return Status::Ok();
  }
  return std::move(status).On(*place.path);
}

}  // namespace

NameChangeOutcome ChangeNames(const NameChangeRequest& request, PlanCache* plans) {
  NameChangeOutcome outcome;
  outcome.status = NameChange(request, &outcome).Run(plans);
  return outcome;
}

}  // namespace indelible
