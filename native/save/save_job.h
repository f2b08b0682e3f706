#ifndef INDELIBLE_SAVE_JOB_H_
#define INDELIBLE_SAVE_JOB_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../base/function_ref.h"
#include "../base/stage_times.h"
#include "filesystem_plans.h"
#include "fresh_directories.h"
#include "held_version.h"
#include "previous_version.h"
#include "save_request.h"
#include "target.h"
#include "temporary.h"
#include "temporary_file.h"

namespace indelible {

class SaveJob;
struct PathQueue;

// Who asked for saves. Called on any thread.
class SaveListener {
 public:
  virtual ~SaveListener() = default;
  // The outcome is final, and nothing of the save is open any more.
  virtual void Completed(std::shared_ptr<SaveJob> job) = 0;
  // Saves wait for SaveEngine::Decide to be told about this filesystem; `directory` is on it. `generation` is
  // the mount table's, from before any evidence is read.
  virtual void Undecided(const FilesystemId& filesystem, const std::string& directory,
                         uint64_t generation) = 0;
};

// What a save came to.
struct SaveOutcome {
  Status status;
  bool published = false;
  bool replaced = false;
  // False where the data was synced no further than to a device that may write the name before it.
  bool data_ordered = true;
  // False where the filesystem cannot sync a directory.
  bool name_synced = true;
  // The decision whose plan ran.
  uint32_t decision = 0;
};

// One save on its way: the steps, in the order in which the engine takes them. Each step runs on one thread;
// the members below `Scheduling` belong to the engine and are touched under its mutex.
class SaveJob {
 public:
  // `ticket` is the listener's own name for the save.
  SaveJob(SaveRequest request, std::shared_ptr<SaveListener> listener, uint64_t ticket)
      : request_(std::move(request)),
        listener_(std::move(listener)),
        ticket_(ticket),
        times_(request_.timed ? std::make_unique<StageTimes>() : nullptr) {}

  // Before Prepare: the data is what this file holds, which the save publishes instead of writing one.
  void Adopt(std::shared_ptr<TemporaryFile> file) { adopted_ = std::move(file); }

  // Stage 1: everything up to a complete file beside the old one. kUndecided: nothing has been written, and
  // the filesystem that UndecidedFilesystem tells needs a decision first.
  enum class Prepared { kReady, kFailed, kUndecided };
  // `planned` is called as soon as filesystem() and plan() are known, before anything is written.
  Prepared Prepare(FilesystemPlans* plans, FreshDirectories* fresh, FunctionRef<void()> planned);

  // The beginning of stage 1, for a save whose data arrives in pieces: everything up to an empty temporary.
  // Then Append for each piece, one after the other; Prepare does the rest. An opened save that is not handed
  // to the engine must be finished by whoever has opened it.
  Prepared Open(FilesystemPlans* plans, FreshDirectories* fresh);
  Status Append(const uint8_t* data, size_t size);
  bool opened() const { return opened_; }
  // How many bytes of data it has.
  uint64_t size() const { return opened_ ? appended_ : request_.size; }

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
  void NameNotDurable() { outcome_.name_synced = false; }
  void FailAfterPublishing(Status status);

  // Closes what the save holds open. The outcome is final afterwards.
  void Finish(FreshDirectories* fresh);
  // Whether stage 1 failed because the process, or the system, has no descriptor left.
  bool LacksDescriptors() const;
  // There is no thread to start it on.
  void FailUnstarted();
  // Forgets an attempt that wrote nothing, to be made again.
  void Rewind();

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
  const platform::Directory& directory() const { return target_->directory; }
  // The mount table's generation when the filesystem was found undecided.
  uint64_t undecided_generation() const { return undecided_generation_; }
  // Stage 1 looked at the target while an earlier save to the path was still to be published.
  void ExpectPredecessor() { had_predecessor_ = true; }

  // Scheduling.
  PathQueue* path_queue = nullptr;
  std::shared_ptr<SaveJob> next_on_path;
  bool started = false;     // Stage 1 has a thread, or had one.
  bool ready = false;       // Stage 1 is done.
  bool dispatched = false;  // Somebody is about to publish it.
  bool parked = false;      // Its filesystem is undecided.
  // Which of the engine's limits it counts against.
  enum class Place : uint8_t { kSmall, kLarge, kInMemory };
  Place place = Place::kSmall;
  // A leader may wait for its stage 1, on this filesystem.
  bool awaited = false;
  FilesystemId awaited_on;
  // On the thread that called saveSync, which publishes it itself.
  bool synchronous = false;

 private:
  Status PrepareSteps(FilesystemPlans* plans, FreshDirectories* fresh, FunctionRef<void()> planned,
                      bool* undecided);
  Status OpenSteps(FilesystemPlans* plans, FreshDirectories* fresh, FunctionRef<void()> planned,
                   bool* undecided);
  Status CompleteSteps();
  Status PublishSteps();
  Status PublishKeeping();
  Status ReplaceKept();
  Status TakeOverChanges();
  void Fail(Status status);

  const SaveRequest request_;
  const std::shared_ptr<SaveListener> listener_;
  const uint64_t ticket_;
  const std::unique_ptr<StageTimes> times_;
  static inline std::atomic<bool> all_cancelled_{false};
  std::atomic<bool> cancelled_{false};
  bool had_predecessor_ = false;
  bool opened_ = false;
  uint64_t appended_ = 0;
  int times_undecided_ = 0;
  uint64_t undecided_generation_ = 0;
  Plan plan_;
  SaveOutcome outcome_;
  std::shared_ptr<TemporaryFile> adopted_;
  // Only while the save is under way, so that ten thousand waiting ones stay small.
  std::unique_ptr<Target> target_;
  std::unique_ptr<Temporary> temporary_;
  // Only where the version that is replaced has to outlive the rename.
  std::unique_ptr<HeldVersion> held_;
  // Only where the version that is replaced is kept.
  std::unique_ptr<PreviousVersion> previous_;
};

}  // namespace indelible

#endif  // INDELIBLE_SAVE_JOB_H_
