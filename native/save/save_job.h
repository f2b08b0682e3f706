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

// Who asked for saves. Called on any thread, while no mutex of the scheduler is held; the save that it is
// called for keeps it alive.
class SaveListener {
 public:
  virtual ~SaveListener() = default;
  // The outcome is final, and nothing of the save is open any more.
  virtual void Completed(std::shared_ptr<SaveJob> job) = 0;
  // Saves wait until Scheduler::ProvidePlan or UseDefaultPlan is called for this filesystem.
  virtual void NeedsPlan(const PlanRequest& request) = 0;
};

// What a save came to.
struct SaveOutcome {
  Status status;
  bool published = false;
  bool replaced = false;
  Protocol protocol = Protocol::kSyncRenameSync;
  // What survives power loss now; kNone unless the status is fine.
  Durability durability = Durability::kNone;
  // How long the file is.
  uint64_t bytes = 0;
};

// The steps of one save. They come in the order in which they stand here, one thread at a time.
class SaveJob {
 public:
  // `ticket` is the listener's own name for the save.
  SaveJob(SaveRequest request, std::shared_ptr<SaveListener> listener, uint64_t ticket)
      : request_(std::move(request)),
        listener_(std::move(listener)),
        ticket_(ticket),
        times_(request_.timed ? std::make_unique<StageTimes>() : nullptr) {}

  // Before stage 1: the data is what this file holds, which the save publishes instead of writing one.
  void Adopt(std::shared_ptr<TemporaryFile> file) { adopted_ = std::move(file); }
  // It goes by Decision::Default() where there is no decision, instead of asking for one.
  void UseDefaultPlan() { uses_default_plan_ = true; }

  // Stage 1: everything up to a complete file beside the old one. kNeedsPlan: nothing has been written, and
  // `*needed` says what has to be provided first; then again, after Rewind. `planned` is called as soon as
  // filesystem() and plan() are known, before anything is written.
  enum class Prepared { kReady, kFailed, kNeedsPlan };
  Prepared Prepare(PlanCache* plans, UnsyncedDirectories* unsynced, FunctionRef<void()> planned,
                   PlanRequest* needed);

  // The beginning of stage 1, for a save whose data is streamed: everything up to an empty temporary. Then
  // Append for each chunk; Prepare does the rest. An opened save that is not handed to the scheduler must be
  // finished by whoever has opened it.
  Prepared Open(PlanCache* plans, UnsyncedDirectories* unsynced, PlanRequest* needed);
  Status Append(const uint8_t* data, size_t size);
  bool opened() const { return opened_; }
  // How many bytes of data it has.
  uint64_t size() const { return opened_ ? appended_ : request_.size; }

  // Whether stage 1 failed because the process, or the system, has no descriptor left.
  bool LacksDescriptors() const;
  // Forgets an attempt that wrote nothing, to be made again.
  void Rewind();
  // There is no thread to start it on.
  void FailUnstarted();

  // Stage 1 looks at the target while an earlier save to the path is still to be published.
  void ExpectPredecessor() { had_predecessor_ = true; }
  // Stage 2, first half: the file gets its name. False if it failed. `replaces_unseen`: an earlier save to
  // the path is left out in favour of this one.
  bool Publish(bool replaces_unseen);
  // Whether nobody could tell if this save's rename were preceded by the earlier one's to the same path or
  // not.
  bool Supersedes(const SaveJob& earlier) const;
  // Counts as published and replaced at once by a later save, whose content is what has to be durable.
  void PublishUnseen();

  // Stage 2, second half: what has to be synced so that the name survives. The directories that the caller
  // syncs once for all the saves of a group; a directory that cannot be synced is this save's own affair.
  std::vector<const platform::Directory*> DirectoriesToSync() const;
  void SyncUnsyncableDirectory();
  void DirectorySyncFailed(const Status& status);
  void NameNotDurable() { name_synced_ = false; }
  void FailAfterPublishing(Status status);
  // It is durable as far as directory syncs make it so, and its file was synced right after it was written. A
  // file that was streamed or adopted does not count: the journal's timer may have committed it before, so
  // that its sync had nothing to commit.
  bool HasSyncedNewFile() const {
    return outcome_.published && outcome_.status.ok() && plan_.sync_directory() && name_synced_ &&
           plan_.file_sync() == FileSync::kData && !opened_ && adopted_ == nullptr;
  }

  // Closes what the save holds open. The outcome is final afterwards.
  void Finish(UnsyncedDirectories* unsynced);

  // Gives up if the file is not published yet. Safe from any thread.
  void Cancel() { cancelled_ = true; }
  bool Cancelled() const { return cancelled_ || all_cancelled_; }
  // The process is about to exit.
  static void CancelAll() { all_cancelled_ = true; }
  static bool AllCancelled() { return all_cancelled_; }

  // Where its time goes, if that is measured: no clock is looked at otherwise.
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
  FilesystemId filesystem() const { return FilesystemId::Of(target_->identity); }

 private:
  Prepared Begin(PlanCache* plans, UnsyncedDirectories* unsynced, FunctionRef<void()> planned,
                 PlanRequest* needed);
  bool ChoosePlan(PlanCache* plans, PlanRequest* needed);
  Status CreateTemporary(UnsyncedDirectories* unsynced);
  Status Complete();
  Status Replace();
  Status ReplaceKeeping();
  Status ExchangeKeeping();
  Status TakeOverChanges();
  Durability DurabilityReached() const;
  Prepared Fail(Status status);

  const SaveRequest request_;
  const std::shared_ptr<SaveListener> listener_;
  const uint64_t ticket_;
  const std::unique_ptr<StageTimes> times_;
  static inline std::atomic<bool> all_cancelled_{false};
  std::atomic<bool> cancelled_{false};
  bool had_predecessor_ = false;
  bool opened_ = false;
  bool uses_default_plan_ = false;
  int times_without_plan_ = 0;
  uint64_t appended_ = 0;
  Plan plan_;
  SaveOutcome outcome_;
  // False where the data was synced no further than to a device that may write the name before it.
  bool data_ordered_ = true;
  // False where the filesystem cannot sync a directory.
  bool name_synced_ = true;
  std::shared_ptr<TemporaryFile> adopted_;
  // Only while the save is under way, so that ten thousand waiting ones stay small.
  std::unique_ptr<Target> target_;
  std::unique_ptr<Temporary> temporary_;
  // Only where the version that is replaced has to outlive the rename.
  std::unique_ptr<PinnedVersion> pinned_;
  // Only where the version that is replaced is kept.
  std::unique_ptr<PreviousVersion> previous_;
};

}  // namespace indelible

#endif  // INDELIBLE_SAVE_JOB_H_
