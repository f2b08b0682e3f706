#ifndef INDELIBLE_SAVE_JOB_H_
#define INDELIBLE_SAVE_JOB_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "../base/function_ref.h"
#include "../base/stage_times.h"
#include "pinned_version.h"
#include "plan.h"
#include "plan_cache.h"
#include "previous_version.h"
#include "save_request.h"
#include "target.h"
#include "temporary.h"
#include "temporary_file.h"
#include "unsynced_directories.h"

namespace indelible {

class SaveJob;

// Receives the results of saves. Called on any thread, while no mutex of the scheduler is held. The save
// keeps its listener alive.
class SaveListener {
 public:
  virtual ~SaveListener() = default;
  // The outcome is final, and the save has no open descriptors. `more`: the same thread completes further
  // saves without waiting for anything, and calls Notify then.
  virtual void Completed(std::shared_ptr<SaveJob> job, bool more) = 0;
  virtual void Notify() = 0;
  // Saves wait until Scheduler::ProvidePlan or UseDefaultPlan is called for the filesystem of the request.
  virtual void NeedsPlan(const PlanRequest& request) = 0;
};

// The result of a save.
struct SaveOutcome {
  Status status;
  bool published = false;
  bool replaced = false;
  Protocol protocol = Protocol::kSyncRenameSync;
  // What survives power loss now. kNone if the save has failed.
  Durability durability = Durability::kNone;
  // The length of the file.
  uint64_t bytes = 0;
};

// The steps of one save. They are called in the order of their declaration, by one thread at a time.
class SaveJob {
 public:
  // `ticket` identifies the save for its listener.
  SaveJob(SaveRequest request, std::shared_ptr<SaveListener> listener, uint64_t ticket)
      : request_(std::move(request)),
        listener_(std::move(listener)),
        ticket_(ticket),
        times_(request_.timed ? std::make_unique<StageTimes>() : nullptr) {}

  // Before stage 1: publishes this file instead of writing the data.
  void Adopt(std::shared_ptr<TemporaryFile> file) { adopted_ = std::move(file); }
  // Without a decision the save uses Decision::Default() instead of requesting one.
  void UseDefaultPlan() { uses_default_plan_ = true; }

  // Stage 1: everything up to a complete file beside the old one. kNeedsPlan: nothing was written, and
  // `*needed` says which plan to provide before the next call, which follows Rewind. `planned` is called when
  // filesystem() and plan() are known, before anything is written; `waits` before the data is synced.
  enum class Prepared { kReady, kFailed, kNeedsPlan, kMayWait };
  Prepared Prepare(PlanCache* plans, UnsyncedDirectories* unsynced, FunctionRef<void()> planned,
                   FunctionRef<void()> waits, PlanRequest* needed);
  // Stage 1 of a small save to a filesystem in memory, for a thread that must not wait for a disk or a
  // server. kMayWait: nothing was written, and Prepare may be called. Only what concerns the filesystem in
  // memory itself may take long here: its locks, and the search for free memory.
  Prepared PrepareAtOnce(PlanCache* plans, const UnsyncedDirectories& unsynced_directories);

  // The beginning of stage 1 for a streaming save: everything up to an empty temporary. Append follows for
  // each chunk; Prepare does the rest. Finish must be called for an opened save that is not submitted to the
  // scheduler.
  Prepared Open(PlanCache* plans, UnsyncedDirectories* unsynced, PlanRequest* needed);
  Status Append(const uint8_t* data, size_t size);
  bool opened() const { return opened_; }
  // The number of bytes of data.
  uint64_t size() const { return opened_ ? appended_ : request_.size; }

  // Whether stage 1 failed because the process, or the system, has no descriptors left.
  bool LacksDescriptors() const;
  // Resets the save after an attempt that wrote nothing, for another one.
  void Rewind();
  // Fails the save, which holds nothing: there is no thread or no descriptor for it.
  void FailUnstarted(Status status) { Fail(std::move(status)); }

  // Stage 1 looks at the target before an earlier save to the path is published.
  void ExpectPredecessor() { had_predecessor_ = true; }
  // Before stage 2: the data of a small durable save is not synced yet, so that one group awaits it together.
  bool AwaitsDataSync() const { return awaits_data_sync_; }
  // Syncs or awaits the data. A failure fails the save, which Publish then does not publish.
  void SyncData();
  // Instead: a syncfs has succeeded since stage 1. It reports the errors of the filesystem, and this one
  // those of the file.
  void SyncedByFilesystem();
  // Instead: that syncfs has failed.
  void DataSyncFailed(const Status& status);
  // Whether a later save was published in its place.
  bool coalesced() const { return outcome_.published && temporary_ == nullptr; }
  // Syncs the whole filesystem of a save that is not coalesced.
  Status SyncFilesystem() const { return temporary_->SyncFilesystem(); }

  // Stage 2, first half: gives the file its name. False if that failed. `coalesces_earlier`: an earlier save
  // to the path is skipped in favour of this one.
  bool Publish(bool coalesces_earlier);
  // Whether the earlier save to the same path can be skipped: no observer can see whether its rename preceded
  // this one.
  bool CanCoalesce(const SaveJob& earlier) const;
  // Counts as published and replaced at once by a later save. Only the content of the later one has to be
  // durable.
  void PublishCoalesced();

  // Stage 2, second half: the directories to sync so that the entry survives. The caller syncs each once for
  // all saves of a group. A directory that cannot be synced is handled by SyncFilesystemIfNeeded.
  struct DirectoryToSync {
    const platform::Directory* directory;
    platform::Identity identity;
  };
  std::vector<DirectoryToSync> DirectoriesToSync() const;
  void SyncFilesystemIfNeeded();
  void DirectorySyncFailed(const Status& status);
  void EntryNotDurable() { entry_synced_ = false; }
  void FailAfterPublishing(Status status);
  // The save is durable as far as directory syncs make it so, and its file was synced right after it was
  // written. A streamed or adopted file does not count: the timer of the journal may have committed it
  // before, so that its sync had nothing to commit.
  bool HasSyncedNewFile() const {
    return outcome_.published && outcome_.status.ok() && plan_.sync_directory() && entry_synced_ &&
           plan_.file_sync() == FileSync::kData && !opened_ && adopted_ == nullptr;
  }

  // Closes everything that the save has open. The outcome is final afterwards.
  void Finish(UnsyncedDirectories* unsynced);

  // The steps are run by one thread at a time. Take: a thread is going to run some, or has run the last one.
  // False if the save is taken.
  bool Take() { return !taken_.exchange(true); }
  // The thread has ended, and others may run the next steps.
  void Return() { taken_ = false; }

  // Cancels the save, unless it is being published or is published: then false. Callable from any thread.
  bool Cancel() {
    Phase now = Phase::kOpen;
    return phase_.compare_exchange_strong(now, Phase::kCancelled) || now == Phase::kCancelled;
  }
  bool Cancelled() const { return phase_ == Phase::kCancelled || all_cancelled_; }
  // Cancels all saves of the process, which is about to exit.
  static void CancelAll() { all_cancelled_ = true; }
  static bool AllCancelled() { return all_cancelled_; }

  // Measures the stages, if requested. Otherwise no clock is read.
  void Enter(Stage stage) {
    if (times_ != nullptr) times_->Enter(stage);
  }
  void LeaveStage() {
    if (times_ != nullptr) times_->Leave();
  }
  const StageTimes* times() const { return times_.get(); }

  const SaveRequest& request() const { return request_; }
  const std::shared_ptr<SaveListener>& listener() const { return listener_; }
  uint64_t ticket() const { return ticket_; }
  const SaveOutcome& outcome() const { return outcome_; }
  const Plan& plan() const { return plan_; }
  platform::FilesystemId filesystem() const { return platform::FilesystemId::Of(target_->identity); }

 private:
  Prepared Begin(PlanCache* plans, UnsyncedDirectories* unsynced, FunctionRef<void()> planned,
                 PlanRequest* needed, bool streaming);
  bool ChoosePlan(PlanCache* plans, PlanRequest* needed);
  bool LocateAtOnce(PlanCache* plans);
  Status CreateTemporary(UnsyncedDirectories* unsynced, bool streaming);
  Status OpenTemporary(bool streaming);
  Prepared WriteAll(FunctionRef<void()> waits);
  Status Complete(FunctionRef<void()> waits);
  TemporaryKind TemporaryKindNeeded() const;
  bool MayAwaitDataSync() const;
  Status StartSync(FunctionRef<void()> waits);
  Status SyncFile();
  Status SyncWithoutWriteBack();
  Status CopyToNamedTemporary(FunctionRef<void()> waits);
  Status BeginPublishing();
  Status PublishFile();
  Status Replace();
  Status ReplaceKeeping();
  Status ReadKeptVersion(platform::FileVersion* kept) const;
  Status ExchangeKeeping(const platform::FileVersion* expected);
  Status RefreshAttributes();
  Durability DurabilityReached() const;
  Prepared Fail(Status status);

  const SaveRequest request_;
  const std::shared_ptr<SaveListener> listener_;
  const uint64_t ticket_;
  const std::unique_ptr<StageTimes> times_;
  static inline std::atomic<bool> all_cancelled_{false};
  enum class Phase : uint8_t { kOpen, kCancelled, kPublishing };
  std::atomic<Phase> phase_{Phase::kOpen};
  std::atomic<bool> taken_{false};
  bool had_predecessor_ = false;
  bool opened_ = false;
  bool uses_default_plan_ = false;
  int times_without_plan_ = 0;
  uint64_t appended_ = 0;
  Plan plan_;
  SaveOutcome outcome_;
  bool awaits_data_sync_ = false;
  // False if the data was only submitted to a device that may write the name before it.
  bool data_ordered_ = true;
  // False if the filesystem cannot sync a directory.
  bool entry_synced_ = true;
  std::shared_ptr<TemporaryFile> adopted_;
  // Allocated only while the save runs, so that ten thousand waiting saves stay small.
  std::unique_ptr<Target> target_;
  std::unique_ptr<Temporary> temporary_;
  // Only if the old version has to outlive the rename.
  std::unique_ptr<PinnedVersion> pinned_;
  // Only with `keepPrevious`.
  std::unique_ptr<PreviousVersion> previous_;
};

}  // namespace indelible

#endif  // INDELIBLE_SAVE_JOB_H_
