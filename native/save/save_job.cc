#include "save_job.h"

#include <errno.h>
#include <string.h>

#include <utility>

#include "optional_calls.h"

namespace indelible {

namespace {

// After this many requests a save uses the default plan, so that it ends even if the mount table changes all
// the time.
constexpr int kMostTimesWithoutPlan = 5;

// How often the target may disappear or appear between two calls.
constexpr int kMostChanges = 10;

// The largest save whose data is awaited together with that of others, which a larger one would delay.
constexpr uint64_t kMostAwaited = uint64_t{1} << 20;

// The largest save that is made at once. 64 KiB take about twice as long as an empty file.
constexpr size_t kMostAtOnce = size_t{64} << 10;

}  // namespace

SaveJob::Prepared SaveJob::Prepare(PlanCache* plans, UnsyncedDirectories* unsynced,
                                   FunctionRef<void()> planned, FunctionRef<void()> waits,
                                   PlanRequest* needed) {
  if (!opened_) {
    const Prepared begun = Begin(plans, unsynced, planned, needed, /*streaming=*/false);
    if (begun != Prepared::kReady) return begun;
  }
  return WriteAll(waits);
}

SaveJob::Prepared SaveJob::WriteAll(FunctionRef<void()> waits) {
  Status status;
  if (!opened_) {
    Enter(Stage::kWrite);
    status = temporary_->Write(request_.data, request_.size, [this] { return Cancelled(); });
  }
  if (status.ok()) status = Complete(waits);
  if (!status.ok()) return Fail(std::move(status));
  Enter(Stage::kWait);
  return Prepared::kReady;
}

SaveJob::Prepared SaveJob::PrepareAtOnce(PlanCache* plans, const UnsyncedDirectories& unsynced_directories) {
  // Other directories may be on other filesystems.
  const bool alone = request_.previous.empty() && !request_.make_directories && !unsynced_directories.any();
  if (!alone || request_.size > kMostAtOnce || opened_ || adopted_ != nullptr || Cancelled())
    return Prepared::kMayWait;
  Enter(Stage::kLocate);
  target_ = std::make_unique<Target>();
  if (!LocateAtOnce(plans)) {
    Rewind();
    return Prepared::kMayWait;
  }
  Status status = OpenTemporary(/*streaming=*/false);
  if (status.ok()) return WriteAll([] {});
  Fail(std::move(status));
  if (!LacksDescriptors()) return Prepared::kFailed;
  Rewind();
  return Prepared::kMayWait;
}

// Whatever fails here is left to Prepare, which says why.
bool SaveJob::LocateAtOnce(PlanCache* plans) {
  if (!OpenTargetCached(request_, target_.get())) return false;
  Decision decision;
  PlanRequest ignored;
  // The path may lead elsewhere than the last time.
  if (!plans->Find(filesystem(), target_->directory, &decision, &ignored)) return false;
  plan_ = decision.PlanFor(request_.plan);
  if (!plan_.in_memory || plan_.protocol != Protocol::kRename || (request_.strict && plan_.falls_short()))
    return false;
  outcome_.protocol = plan_.protocol;
  if (!InspectTargetCached(request_, target_.get())) return false;
  outcome_.replaced = target_->existing.kind != platform::Entry::Kind::kMissing;
  return true;
}

SaveJob::Prepared SaveJob::Open(PlanCache* plans, UnsyncedDirectories* unsynced, PlanRequest* needed) {
  const Prepared begun = Begin(plans, unsynced, [] {}, needed, /*streaming=*/true);
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

// Everything up to an empty or an adopted temporary.
SaveJob::Prepared SaveJob::Begin(PlanCache* plans, UnsyncedDirectories* unsynced, FunctionRef<void()> planned,
                                 PlanRequest* needed, bool streaming) {
  Enter(Stage::kLocate);
  if (Cancelled()) return Fail(Status::Failed(Status::Reason::kCancelled, "open", ECANCELED));
  target_ = std::make_unique<Target>();
  Status status = ResolveTarget(request_, target_.get());
  if (!status.ok()) return Fail(std::move(status));
  outcome_.replaced = target_->existing.kind != platform::Entry::Kind::kMissing;
  if (!ChoosePlan(plans, needed)) return Prepared::kNeedsPlan;
  // If the filesystem orders no writes, the kept version may be missing after a crash (docs/durability.md).
  if (request_.strict && (plan_.falls_short() || (plan_.pin_replaced && !request_.previous.empty()))) {
    return Fail(Status::Failed(Status::Reason::kNotDurable, "open", ENOTSUP));
  }
  planned();
  status = CreateTemporary(unsynced, streaming);
  return status.ok() ? Prepared::kReady : Fail(std::move(status));
}

bool SaveJob::ChoosePlan(PlanCache* plans, PlanRequest* needed) {
  Decision decision;
  if (!plans->Find(filesystem(), target_->directory, &decision, needed)) {
    if (!uses_default_plan_ && ++times_without_plan_ < kMostTimesWithoutPlan) return false;
    decision = Decision::Default();
    RemoveUnavailable(filesystem(), &decision);
  }
  plan_ = decision.PlanFor(request_.plan);
  outcome_.protocol = plan_.protocol;
  target_->directory.sync_waits = plan_.directory_sync_waits;
  return true;
}

Status SaveJob::CreateTemporary(UnsyncedDirectories* unsynced, bool streaming) {
  if (adopted_ != nullptr && !(adopted_->filesystem() == filesystem()))
    return Status::Failed("link", EXDEV).On(adopted_->directory().path, request_.path);
  Status status = unsynced->MakeMissing(target_.get(), !plan_.in_memory);
  if (status.ok() && (plan_.sync_directory() || plan_.in_memory))
    status = unsynced->AddAbove(target_.get(), &entry_synced_);
  if (!status.ok()) return status;
  if (!request_.previous.empty()) {
    previous_ = std::make_unique<PreviousVersion>();
    status = previous_->Open(request_.base.get(), request_.previous, *target_);
    if (!status.ok()) return status;
  }
  return OpenTemporary(streaming);
}

Status SaveJob::OpenTemporary(bool streaming) {
  Enter(Stage::kCreate);
  // An exchange gives the temporary's name to the old version, which is not open.
  temporary_ = std::make_unique<Temporary>(target_->directory, filesystem(), TemporaryKindNeeded());
  if (adopted_ != nullptr) return temporary_->Adopt(&adopted_->temporary(), &outcome_.bytes);
  if (!streaming) return temporary_->Create(request_, target_->name, target_->existing.Preserved(), plan_);
  // The producer may take long, and another program may replace the file with one of fewer rights.
  const Status status = temporary_->CreatePrivate(plan_.unnamed);
  return status.ok() ? temporary_->ProtectContent(request_, target_->name, target_->existing.Preserved())
                     : status;
}

TemporaryKind SaveJob::TemporaryKindNeeded() const {
  return plan_.local && previous_ == nullptr ? TemporaryKind::kOpen : KindOfLinks(plan_);
}

Status SaveJob::Complete(FunctionRef<void()> waits) {
  Enter(Stage::kAttributes);
  Status status;
  if (adopted_ == nullptr) outcome_.bytes = size();
  if (opened_) {
    // Much time has passed, and another program may have replaced the file.
    status = InspectTarget(request_, *target_, &target_->existing);
    if (!status.ok()) return status;
    outcome_.replaced = target_->existing.kind != platform::Entry::Kind::kMissing;
  }
  status = temporary_->SetRights(request_, target_->name, target_->existing.Preserved(), plan_);
  if (temporary_->CannotGetName()) return CopyToNamedTemporary(waits);
  if (!status.ok()) return status;
  if (Cancelled()) return Status::Failed(Status::Reason::kCancelled, "fdatasync", ECANCELED);
  if (plan_.file_sync() != FileSync::kNone) Enter(Stage::kSync);
  status = StartSync(waits);
  if (!status.ok() || !plan_.reports_on_close) return status;
  // Some filesystems (NFS, FUSE) report only at close(2) that the data could not be stored.
  Enter(Stage::kClose);
  return temporary_->FinishWriting();
}

bool SaveJob::MayAwaitDataSync() const {
  return plan_.sync_directory() && adopted_ == nullptr && size() <= kMostAwaited &&
         (plan_.file_sync() == FileSync::kWriteBack || plan_.group_sync != GroupSync::kNone);
}

// Syncs the data, or leaves that to SyncData.
Status SaveJob::StartSync(FunctionRef<void()> waits) {
  if (plan_.file_sync() == FileSync::kNone) return SyncFile();
  // All threads start the writeback of their files, and the disk works while the group waits for the last.
  if (plan_.sync_directory() && plan_.file_sync() == FileSync::kWriteBack) {
    const Status status = temporary_->StartWriteBack();
    if (!status.ok()) {
      waits();
      return MayBeUnavailable(OptionalCall::kWriteBack, status) ? SyncWithoutWriteBack() : status;
    }
  }
  awaits_data_sync_ = MayAwaitDataSync();
  if (awaits_data_sync_) return Status::Ok();
  waits();
  return SyncFile();
}

void SaveJob::SyncData() {
  if (!std::exchange(awaits_data_sync_, false)) return;
  Enter(Stage::kSync);
  Status status =
      Cancelled() ? Status::Failed(Status::Reason::kCancelled, "fdatasync", ECANCELED) : SyncFile();
  Enter(Stage::kWait);
  if (!status.ok()) Fail(std::move(status));
}

// syncfs(2) reports an error once to each open file. One that another process has seen already, it does not
// report to a file that was opened later. Each file itself remembers the errors of its own data.
void SaveJob::SyncedByFilesystem() {
  awaits_data_sync_ = false;
  bool ignored = true;
  Status status = temporary_->Sync(FileSync::kWriteBack, &ignored);
  if (MayBeUnavailable(OptionalCall::kWriteBack, status)) status = SyncFile();
  if (!status.ok()) Fail(std::move(status));
}

void SaveJob::DataSyncFailed(const Status& status) {
  awaits_data_sync_ = false;
  Fail(status);
}

Status SaveJob::SyncFile() {
  const bool writes_back = plan_.file_sync() == FileSync::kWriteBack;
  Status status = temporary_->Sync(plan_.file_sync(), &data_ordered_);
  return writes_back && MayBeUnavailable(OptionalCall::kWriteBack, status) ? SyncWithoutWriteBack() : status;
}

// Nothing was written back, so nothing can have been lost.
Status SaveJob::SyncWithoutWriteBack() {
  plan_.SyncBeforeRename();
  outcome_.protocol = plan_.protocol;
  Status status = temporary_->Sync(plan_.file_sync(), &data_ordered_);
  if (status.ok()) SetUnavailable(filesystem(), OptionalCall::kWriteBack);
  return status;
}

// The temporary needs a name and can get none.
Status SaveJob::CopyToNamedTemporary(FunctionRef<void()> waits) {
  plan_.unnamed = false;
  auto named = std::make_unique<Temporary>(target_->directory, filesystem(), TemporaryKindNeeded());
  const bool private_first = adopted_ != nullptr || opened_;
  Status status = private_first
                      ? named->CreatePrivate(false)
                      : named->Create(request_, target_->name, target_->existing.Preserved(), plan_);
  if (status.ok() && adopted_ != nullptr) status = named->CopyAdoptedRights(*temporary_);
  if (status.ok()) status = named->CopyContent(*temporary_, [this] { return Cancelled(); });
  if (!status.ok()) return status;
  temporary_ = std::move(named);
  status = Complete(waits);
  if (status.ok()) SetUnavailable(filesystem(), OptionalCall::kLinkUnnamed);
  return status;
}

bool SaveJob::Publish(bool coalesces_earlier) {
  if (!outcome_.status.ok()) return false;
  Enter(Stage::kRename);
  Status status;
  if (had_predecessor_ && !Cancelled()) status = RefreshAttributes();
  if (status.ok()) status = BeginPublishing();
  if (status.ok()) status = PublishFile();
  if (!outcome_.published && temporary_->CannotGetName()) {
    status = CopyToNamedTemporary([] {});
    if (status.ok() && std::exchange(awaits_data_sync_, false)) status = SyncFile();
    Enter(Stage::kRename);
    if (status.ok()) status = PublishFile();
  }
  Enter(Stage::kWait);
  outcome_.replaced = outcome_.replaced || coalesces_earlier;
  if (!status.ok()) Fail(std::move(status));
  return outcome_.published;
}

// From here on nobody can cancel the save.
Status SaveJob::BeginPublishing() {
  Phase now = Phase::kOpen;
  const bool begins = !all_cancelled_ && phase_.compare_exchange_strong(now, Phase::kPublishing);
  return begins ? Status::Ok() : Status::Failed(Status::Reason::kCancelled, "rename", ECANCELED);
}

Status SaveJob::PublishFile() {
  if (request_.expected != nullptr && !request_.expected->exists) {
    outcome_.replaced = false;
    Status status = temporary_->PublishExclusive(target_->name, &outcome_.published);
    if (status.error() != EEXIST || outcome_.published) return status;
    return Status::Failed(Status::Reason::kChanged, "rename", EEXIST);
  }
  if (previous_ != nullptr) return ReplaceKeeping();
  if (request_.exclusive) return temporary_->PublishExclusive(target_->name, &outcome_.published);
  return Replace();
}

Status SaveJob::Replace() {
  const platform::FileVersion* expected = request_.expected.get();
  if (plan_.pin_replaced && outcome_.replaced) {
    // Checked before the second name is made, which changes the version.
    Status status = temporary_->RefuseIfChanged(target_->name, expected);
    if (!status.ok()) return status;
    expected = nullptr;
    pinned_ = std::make_unique<PinnedVersion>(target_->directory, KindOfLinks(plan_));
    bool safe = false;
    status = pinned_->Pin(target_->name, &safe);
    if (!status.ok()) return status;
    if (!safe) {
      if (request_.strict) return Status::Failed(Status::Reason::kNotDurable, "link", ENOTSUP);
      pinned_.reset();
      data_ordered_ = false;
      EntryNotDurable();
    }
  }
  return temporary_->Replace(target_->name, expected, &outcome_.replaced, &outcome_.published);
}

// Keeps the version that is replaced. If the target does not exist, nothing is kept, and a file that appears
// in between must not be replaced without being kept.
Status SaveJob::ReplaceKeeping() {
  Status status;
  for (int attempt = 0; attempt < kMostChanges; ++attempt) {
    ExistingEntry now;
    status = InspectTarget(request_, *target_, &now);
    if (!status.ok()) return status;
    outcome_.replaced = now.kind != platform::Entry::Kind::kMissing;
    if (!outcome_.replaced) {
      status = temporary_->PublishExclusive(target_->name, &outcome_.published);
      if (!outcome_.published && status.error() == EEXIST) continue;
      // Without hard links an existing file could not have been kept either.
      if (status.reason() != Status::Reason::kUnsupported) return status;
      return Status::Failed(Status::Reason::kCannotKeep, "link", status.error());
    }
    platform::FileVersion kept;
    // Checked before the second name is made, which changes the version.
    status = temporary_->RefuseIfChanged(target_->name, request_.expected.get());
    if (status.ok()) status = previous_->Keep(*target_, now, plan_, *temporary_);
    if (!previous_->syncable()) entry_synced_ = false;
    if (status.ok()) status = ReadKeptVersion(&kept);
    if (status.ok()) status = ExchangeKeeping(request_.expected == nullptr ? nullptr : &kept);
    if (outcome_.published || status.error() != ENOENT) break;
  }
  return status;
}

// The version that is expected, now that it has a second name. The time of its last change is another one,
// and an overlay has copied it up to another inode.
Status SaveJob::ReadKeptVersion(platform::FileVersion* kept) const {
  if (request_.expected == nullptr) return Status::Ok();
  Status status = platform::LookUpVersion(target_->directory, target_->name, kept);
  const platform::FileVersion& expected = *request_.expected;
  if (!status.ok() || (kept->size == expected.size && kept->modified == expected.modified)) return status;
  return Status::Failed(Status::Reason::kChanged, "rename", EAGAIN);
}

Status SaveJob::ExchangeKeeping(const platform::FileVersion* expected) {
  Status status = Status::Failed("rename", ENOSYS);
  if (!IsUnavailable(filesystem(), OptionalCall::kExchange)) {
    status = temporary_->Exchange(target_->name, expected, &outcome_.published);
  }
  if (MayBeUnavailable(OptionalCall::kExchange, status)) {
    // A rename instead, which does not show what it replaced.
    status = temporary_->Replace(target_->name, expected, &outcome_.replaced, &outcome_.published);
    if (status.ok()) SetUnavailable(filesystem(), OptionalCall::kExchange);
    return status;
  }
  if (!status.ok()) return status;
  platform::Entry out;
  if (platform::LookUp(target_->directory, temporary_->name(), &out).ok() &&
      out.kind == platform::Entry::Kind::kDirectory) {
    // A directory has appeared there since the check. A rename would have failed.
    bool exchanged = false;
    status = temporary_->Exchange(target_->name, nullptr, &exchanged);
    outcome_.published = !exchanged;
    return exchanged ? Status::Failed("rename", EISDIR) : std::move(status);
  }
  status = previous_->KeepExchanged(*target_, plan_, *temporary_);
  if (status.ok()) return temporary_->RemoveExchanged();
  // It may be the only copy of another program's version.
  temporary_->ForgetExchanged();
  return status;
}

// An earlier save to the path was published after stage 1 had looked. Preserves the attributes that it has
// left.
Status SaveJob::RefreshAttributes() {
  ExistingEntry now;
  Status status = InspectTarget(request_, *target_, &now);
  if (!status.ok()) return status;
  outcome_.replaced = now.kind != platform::Entry::Kind::kMissing;
  target_->existing = now;
  bool changed = false;
  status = temporary_->RefreshRights(request_, target_->name, now.Preserved(), plan_, &changed);
  if (!status.ok() || !changed) return status;
  status = SyncFile();
  // EPERM: Windows flushes only by a handle that may write, which this one is not any more
  // (platform::Duplicate). The data was flushed before; what was changed since is not known to be safe.
  if (status.error() != EPERM) return status;
  EntryNotDurable();
  return Status::Ok();
}

bool SaveJob::CanCoalesce(const SaveJob& earlier) const {
  const SaveRequest& before = earlier.request_;
  // The same options give the same attributes. The two must also have found the same file, which a change of
  // a symbolic link would prevent. A kept version can be observed, and a save that expects a version must
  // find it.
  return !request_.exclusive && !before.exclusive && request_.previous.empty() && before.previous.empty() &&
         request_.expected == nullptr && before.expected == nullptr && request_.has_mode == before.has_mode &&
         request_.mode == before.mode && request_.create_mode == before.create_mode &&
         request_.has_uid == before.has_uid && request_.uid == before.uid &&
         request_.has_gid == before.has_gid && request_.gid == before.gid &&
         request_.owner_required == before.owner_required && request_.preserve_mode == before.preserve_mode &&
         request_.preserve_owner == before.preserve_owner &&
         request_.preserve_attributes == before.preserve_attributes &&
         request_.follow_symlinks == before.follow_symlinks && target_->name == earlier.target_->name &&
         target_->identity.inode == earlier.target_->identity.inode && filesystem() == earlier.filesystem();
}

void SaveJob::PublishCoalesced() {
  // It has been cancelled, or its data could not be synced.
  if (outcome_.status.ok()) outcome_.status = BeginPublishing();
  if (!outcome_.status.ok()) return;
  // It has replaced another save, or the file that stage 1 found.
  outcome_.replaced = outcome_.replaced || had_predecessor_;
  outcome_.published = true;
  temporary_.reset();
}

std::vector<SaveJob::DirectoryToSync> SaveJob::DirectoriesToSync() const {
  std::vector<DirectoryToSync> directories;
  for (const UnsyncedParent& parent : target_->unsynced_parents) {
    if (parent.directory.syncable) directories.push_back({&parent.directory, parent.identity});
  }
  // Before the target's directory: of the two names of the old version, this one stays.
  if (previous_ != nullptr && previous_->NeedsSync() && previous_->directory().syncable)
    directories.push_back({&previous_->directory(), previous_->identity()});
  if (target_->directory.syncable) directories.push_back({&target_->directory, target_->identity});
  return directories;
}

void SaveJob::SyncFilesystemIfNeeded() {
  bool syncable = target_->directory.syncable;
  for (const UnsyncedParent& parent : target_->unsynced_parents)
    syncable = syncable && parent.directory.syncable;
  if (previous_ != nullptr && previous_->NeedsSync()) syncable = syncable && previous_->directory().syncable;
  if (syncable) return;
  // A coalesced save has no temporary: the later save syncs the filesystem for it.
  if (temporary_ == nullptr) return;
  if (IsUnavailable(filesystem(), OptionalCall::kSyncFilesystem)) return EntryNotDurable();
  const Status status = temporary_->SyncFilesystem();
  if (!status.ok()) DirectorySyncFailed(status);
}

void SaveJob::DirectorySyncFailed(const Status& status) {
  // btrfs needs both (native/platform/linux_directory_sync.cc).
  const bool by_filesystem = strcmp(status.syscall(), "syncfs") == 0;
  const OptionalCall call = by_filesystem ? OptionalCall::kSyncFilesystem : OptionalCall::kSyncDirectory;
  if (!MayBeUnavailable(call, status)) return FailAfterPublishing(status);
  // Some FUSE and network filesystems cannot sync a directory: the entry is as durable as they make it.
  SetUnavailable(filesystem(), call);
  EntryNotDurable();
}

bool SaveJob::LacksDescriptors() const {
  const int error = outcome_.status.error();
  return !outcome_.status.ok() && !outcome_.published && (error == EMFILE || error == ENFILE);
}

void SaveJob::Rewind() {
  if (opened_) {
    // The data that was written stays. The rest is done again.
    outcome_.status = Status::Ok();
    return;
  }
  pinned_.reset();
  temporary_.reset();
  previous_.reset();
  target_.reset();
  outcome_ = SaveOutcome();
  awaits_data_sync_ = false;
  data_ordered_ = true;
  entry_synced_ = true;
  Enter(Stage::kQueue);
}

void SaveJob::FailAfterPublishing(Status status) {
  // The caller gets the first error.
  if (outcome_.status.ok()) Fail(std::move(status));
}

void SaveJob::Finish(UnsyncedDirectories* unsynced) {
  if (temporary_ != nullptr && outcome_.published) {
    // The old version is released only now, when the name of the new one is safe.
    Status status = pinned_ == nullptr ? Status::Ok() : pinned_->Release();
    if (!status.ok()) FailAfterPublishing(std::move(status));
    status = temporary_->Release();
    if (!status.ok()) FailAfterPublishing(std::move(status));
  }
  if (outcome_.published && outcome_.status.ok()) {
    // A directory stays unsynced until its sync has succeeded. In memory none is needed.
    if (target_ != nullptr && entry_synced_) unsynced->MarkSynced(target_->unsynced_parents);
    outcome_.durability = DurabilityReached();
  }
  pinned_.reset();
  temporary_.reset();
  previous_.reset();
  adopted_.reset();
  target_.reset();
  LeaveStage();
}

// The durability of the plan, reduced where the syncs of the system reached less than it assumes.
Durability SaveJob::DurabilityReached() const {
  // If the filesystem orders no writes, the kept version may be missing after a crash.
  if (plan_.pin_replaced && !request_.previous.empty()) return Durability::kNone;
  if (plan_.achieves == Durability::kNone) return Durability::kNone;
  if (plan_.achieves == Durability::kDurable && entry_synced_) return Durability::kDurable;
  return data_ordered_ ? Durability::kOrdered : Durability::kNone;
}

SaveJob::Prepared SaveJob::Fail(Status status) {
  outcome_.status = std::move(status);
  return Prepared::kFailed;
}

}  // namespace indelible
