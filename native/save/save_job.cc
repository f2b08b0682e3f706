#include "save_job.h"

#include <errno.h>

#include <utility>

namespace indelible {

namespace {

// A mount table that changes all the time must not keep a save from ever being decided.
constexpr int kMostPlanRequests = 5;

// How often the target may be found and then gone, or missing and then there.
constexpr int kMostAttempts = 10;

bool SameAttributes(const platform::Entry& one, const platform::Entry& other) {
  return one.kind == other.kind && one.attributes.mode == other.attributes.mode &&
         one.attributes.uid == other.attributes.uid && one.attributes.gid == other.attributes.gid;
}

}  // namespace

SaveJob::Prepared SaveJob::Prepare(PlanCache* plans, UnsyncedDirectories* unsynced,
                                   FunctionRef<void()> planned, PlanRequest* needed) {
  if (!opened_) {
    const Prepared begun = Begin(plans, unsynced, planned, needed);
    if (begun != Prepared::kReady) return begun;
    Enter(Stage::kWrite);
    Status status = temporary_->Write(request_.data, request_.size, [this] { return Cancelled(); });
    if (!status.ok()) return Fail(std::move(status));
  }
  Status status = Complete();
  if (!status.ok()) return Fail(std::move(status));
  Enter(Stage::kWait);
  return Prepared::kReady;
}

SaveJob::Prepared SaveJob::Open(PlanCache* plans, UnsyncedDirectories* unsynced, PlanRequest* needed) {
  const Prepared begun = Begin(plans, unsynced, [] {}, needed);
  opened_ = begun == Prepared::kReady;
  LeaveStage();
  return begun;
}

Status SaveJob::Append(const uint8_t* data, size_t size) {
  Enter(Stage::kWrite);
  Status status = temporary_->Write(data, size, [this] { return Cancelled(); });
  LeaveStage();
  if (status.ok()) appended_ += size;
  return status;
}

// Everything up to an empty temporary, or one that is adopted.
SaveJob::Prepared SaveJob::Begin(PlanCache* plans, UnsyncedDirectories* unsynced, FunctionRef<void()> planned,
                                 PlanRequest* needed) {
  Enter(Stage::kLocate);
  if (Cancelled()) return Fail(Status::Failed(Status::Reason::kCancelled, "open", ECANCELED));
  target_ = std::make_unique<Target>();
  Status status = ResolveTarget(request_, target_.get());
  if (!status.ok()) return Fail(std::move(status));
  outcome_.replaced = target_->existing.kind != platform::Entry::Kind::kMissing;
  if (!ChoosePlan(plans, needed)) return Prepared::kNeedsPlan;
  // Where nothing orders a filesystem's writes, the kept version is not certain to be found
  // (docs/durability.md).
  if (request_.strict && (plan_.falls_short() || (plan_.pin_replaced && !request_.previous.empty()))) {
    return Fail(Status::Failed(Status::Reason::kNotDurable, "open", ENOTSUP));
  }
  planned();
  status = CreateTemporary(unsynced);
  return status.ok() ? Prepared::kReady : Fail(std::move(status));
}

bool SaveJob::ChoosePlan(PlanCache* plans, PlanRequest* needed) {
  Decision decision;
  if (!plans->Find(filesystem(), &decision, needed)) {
    if (!uses_default_plan_ && ++times_without_plan_ < kMostPlanRequests) {
      needed->directory = target_->directory.path;
      return false;
    }
    decision = Decision::Default();
  }
  plan_ = decision.PlanFor(request_.plan);
  outcome_.protocol = plan_.protocol;
  return true;
}

Status SaveJob::CreateTemporary(UnsyncedDirectories* unsynced) {
  if (adopted_ != nullptr && !(adopted_->filesystem() == filesystem()))
    return Status::Failed("link", EXDEV).On(adopted_->directory().path, request_.path);
  if (request_.make_directories) {
    Status status = unsynced->Complete(target_.get(), plan_.sync_directory());
    if (!status.ok()) return status;
  }
  if (!request_.previous.empty()) {
    previous_ = std::make_unique<PreviousVersion>();
    Status status = previous_->Open(request_.previous, *target_);
    if (!status.ok()) return status;
  }
  Enter(Stage::kCreate);
  temporary_ = std::make_unique<Temporary>(target_->directory);
  if (adopted_ != nullptr) return temporary_->Adopt(adopted_->temporary(), &outcome_.bytes);
  return temporary_->Create(request_, target_->name, target_->existing, plan_.unnamed);
}

Status SaveJob::Complete() {
  Enter(Stage::kAttributes);
  Status status;
  if (adopted_ == nullptr) outcome_.bytes = size();
  if (opened_) {
    // So much time has passed that anybody may have replaced the file.
    status = InspectTarget(request_, *target_, &target_->existing);
    if (!status.ok()) return status;
    outcome_.replaced = target_->existing.kind != platform::Entry::Kind::kMissing;
  }
  status = temporary_->SetAttributes(request_, target_->name, target_->existing, !plan_.close_may_fail);
  if (!status.ok()) return status;
  if (Cancelled()) return Status::Failed(Status::Reason::kCancelled, "fdatasync", ECANCELED);
  if (plan_.file_sync() != FileSync::kNone) Enter(Stage::kSync);
  status = temporary_->Sync(plan_.file_sync(), &data_ordered_);
  if (!status.ok() || !plan_.close_may_fail) return status;
  Enter(Stage::kClose);
  return temporary_->FinishWriting();
}

bool SaveJob::Publish(bool replaces_unseen) {
  Enter(Stage::kRename);
  Status status =
      Cancelled() ? Status::Failed(Status::Reason::kCancelled, "rename", ECANCELED) : Status::Ok();
  if (status.ok() && had_predecessor_) status = TakeOverChanges();
  if (status.ok()) {
    if (request_.expected != nullptr && !request_.expected->exists) {
      outcome_.replaced = false;
      status = temporary_->PublishExclusive(target_->name, &outcome_.published);
      if (status.error() == EEXIST && !outcome_.published)
        status = Status::Failed(Status::Reason::kChanged, "rename", EEXIST);
    } else if (previous_ != nullptr) {
      status = ReplaceKeeping();
    } else if (request_.exclusive) {
      status = temporary_->PublishExclusive(target_->name, &outcome_.published);
    } else {
      status = Replace();
    }
  }
  Enter(Stage::kWait);
  outcome_.replaced = outcome_.replaced || replaces_unseen;
  if (!status.ok()) Fail(std::move(status));
  return outcome_.published;
}

Status SaveJob::Replace() {
  const platform::FileVersion* expected = request_.expected.get();
  if (plan_.pin_replaced && outcome_.replaced) {
    // Before it is held: a second name changes the version.
    Status status = temporary_->RefuseIfChanged(target_->name, expected);
    if (!status.ok()) return status;
    expected = nullptr;
    pinned_ = std::make_unique<PinnedVersion>(target_->directory);
    pinned_->Pin(target_->name);
  }
  return temporary_->Replace(target_->name, expected, &outcome_.replaced, &outcome_.published);
}

// What is replaced is kept. Where nothing stands, there is nothing to keep, and what somebody puts there in
// between must not be replaced unkept.
Status SaveJob::ReplaceKeeping() {
  Status status;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    platform::Entry now;
    status = InspectTarget(request_, *target_, &now);
    if (!status.ok()) return status;
    outcome_.replaced = now.kind != platform::Entry::Kind::kMissing;
    if (!outcome_.replaced) {
      status = temporary_->PublishExclusive(target_->name, &outcome_.published);
      if (!outcome_.published && status.error() == EEXIST) continue;
      // Without hard links nothing could have been kept, had something been there.
      if (status.reason() != Status::Reason::kUnsupported) return status;
      return Status::Failed(Status::Reason::kCannotKeep, "link", status.error());
    }
    status = previous_->Keep(*target_, now, plan_, *temporary_);
    if (!previous_->syncable()) name_synced_ = false;
    if (status.ok()) status = ExchangeKeeping();
    if (outcome_.published || status.error() != ENOENT) break;
  }
  return status;
}

Status SaveJob::ExchangeKeeping() {
  Status status = temporary_->Exchange(target_->name, request_.expected.get(), &outcome_.published);
  if (!status.ok() && platform::IsUnsupported(status.error())) {
    // By a rename then, which does not tell what it has replaced.
    return temporary_->Replace(target_->name, request_.expected.get(), &outcome_.replaced,
                               &outcome_.published);
  }
  if (!status.ok()) return status;
  platform::Entry out;
  if (platform::LookUp(target_->directory, temporary_->name(), &out).ok() &&
      out.kind == platform::Entry::Kind::kDirectory) {
    // Somebody has put it there since it was looked at, and no rename would have replaced it.
    bool exchanged = false;
    status = temporary_->Exchange(target_->name, nullptr, &exchanged);
    outcome_.published = !exchanged;
    return exchanged ? Status::Failed("rename", EISDIR) : std::move(status);
  }
  status = previous_->Settle(*target_, plan_, *temporary_);
  if (status.ok()) return temporary_->RemoveExchanged();
  // It may be all that is left of somebody's version.
  temporary_->ReleaseExchanged();
  return status;
}

// An earlier save to the path has been published since stage 1 looked: what is preserved is what that one
// left.
Status SaveJob::TakeOverChanges() {
  platform::Entry now;
  Status status = InspectTarget(request_, *target_, &now);
  if (!status.ok()) return status;
  outcome_.replaced = now.kind != platform::Entry::Kind::kMissing;
  if (SameAttributes(now, target_->existing)) return Status::Ok();
  target_->existing = now;
  status = temporary_->SetAttributes(request_, target_->name, now, !plan_.close_may_fail);
  if (!status.ok()) return status;
  return temporary_->Sync(plan_.file_sync(), &data_ordered_);
}

bool SaveJob::Supersedes(const SaveJob& earlier) const {
  const SaveRequest& before = earlier.request_;
  // The same options give the same attributes; and the two must have found the same file, which a symbolic
  // link that was changed meanwhile would prevent. What is kept somewhere can be told, and what has to look
  // at the version that it replaces must find it.
  return !request_.exclusive && !before.exclusive && request_.previous.empty() && before.previous.empty() &&
         request_.expected == nullptr && before.expected == nullptr && request_.has_mode == before.has_mode &&
         request_.mode == before.mode && request_.has_owner == before.has_owner &&
         request_.uid == before.uid && request_.gid == before.gid &&
         request_.preserve_permissions == before.preserve_permissions &&
         request_.preserve_all == before.preserve_all && request_.follow_symlinks == before.follow_symlinks &&
         target_->name == earlier.target_->name &&
         target_->identity.inode == earlier.target_->identity.inode && filesystem() == earlier.filesystem();
}

void SaveJob::PublishUnseen() {
  // Another save was before it, or what stage 1 found there.
  outcome_.replaced = outcome_.replaced || had_predecessor_;
  outcome_.published = true;
  temporary_.reset();
}

std::vector<const platform::Directory*> SaveJob::DirectoriesToSync() const {
  std::vector<const platform::Directory*> directories;
  for (const platform::Directory& extended : target_->extended) {
    if (extended.syncable) directories.push_back(&extended);
  }
  // Before the target's: of the two names of the old version, the one that it keeps.
  if (previous_ != nullptr && previous_->NeedsSync() && previous_->directory().syncable)
    directories.push_back(&previous_->directory());
  if (target_->directory.syncable) directories.push_back(&target_->directory);
  return directories;
}

void SaveJob::SyncUnsyncableDirectory() {
  bool syncable = target_->directory.syncable;
  for (const platform::Directory& extended : target_->extended) syncable = syncable && extended.syncable;
  if (previous_ != nullptr && previous_->NeedsSync()) syncable = syncable && previous_->directory().syncable;
  if (syncable) return;
  // Without a temporary another save's sync of the filesystem covers it.
  if (temporary_ == nullptr) return;
  const Status status = temporary_->SyncFilesystem();
  if (!status.ok()) DirectorySyncFailed(status);
}

void SaveJob::DirectorySyncFailed(const Status& status) {
  if (platform::IsUnsupported(status.error())) {
    // Some FUSE and network filesystems cannot sync a directory: the name is as durable as they make it.
    NameNotDurable();
  } else {
    FailAfterPublishing(status);
  }
}

bool SaveJob::LacksDescriptors() const {
  const int error = outcome_.status.error();
  return !outcome_.status.ok() && !outcome_.published && (error == EMFILE || error == ENFILE);
}

void SaveJob::Rewind() {
  if (opened_) {
    // What has been written stays, and the rest is done again.
    outcome_.status = Status::Ok();
    return;
  }
  pinned_.reset();
  temporary_.reset();
  previous_.reset();
  target_.reset();
  outcome_ = SaveOutcome();
  data_ordered_ = true;
  name_synced_ = true;
  Enter(Stage::kQueue);
}

void SaveJob::FailUnstarted() { Fail(Status::Failed("pthread_create", EAGAIN)); }

void SaveJob::FailAfterPublishing(Status status) {
  // The first error is the one that the caller gets.
  if (outcome_.status.ok()) Fail(std::move(status));
}

void SaveJob::Finish(UnsyncedDirectories* unsynced) {
  if (temporary_ != nullptr && outcome_.published) {
    // The version that was replaced: the new one's name is safe by now.
    Status status = pinned_ == nullptr ? Status::Ok() : pinned_->Release();
    if (!status.ok()) FailAfterPublishing(std::move(status));
    status = temporary_->Release();
    if (!status.ok()) FailAfterPublishing(std::move(status));
  }
  if (outcome_.published && outcome_.status.ok()) {
    if (target_ != nullptr && plan_.sync_directory()) unsynced->Synced(*target_);
    outcome_.durability = DurabilityReached();
  }
  pinned_.reset();
  temporary_.reset();
  previous_.reset();
  adopted_.reset();
  target_.reset();
  LeaveStage();
}

// What is left of the plan's durability where the system's syncs did not reach as far as it assumes.
Durability SaveJob::DurabilityReached() const {
  // Where nothing orders a filesystem's writes, the kept version is not certain to be found.
  if (plan_.pin_replaced && !request_.previous.empty()) return Durability::kNone;
  if (plan_.achieves == Durability::kNone) return Durability::kNone;
  if (plan_.achieves == Durability::kDurable && name_synced_) return Durability::kDurable;
  return data_ordered_ ? Durability::kOrdered : Durability::kNone;
}

SaveJob::Prepared SaveJob::Fail(Status status) {
  outcome_.status = std::move(status);
  return Prepared::kFailed;
}

}  // namespace indelible
