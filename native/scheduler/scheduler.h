#ifndef INDELIBLE_SCHEDULER_H_
#define INDELIBLE_SCHEDULER_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "../platform/mutex.h"
#include "../save/plan_cache.h"
#include "../save/save_job.h"
#include "../save/unsynced_directories.h"
#include "commit_leader.h"
#include "memory_directories.h"
#include "path_queues.h"
#include "scheduled_save.h"
#include "slots.h"
#include "suspended_saves.h"
#include "thread_pool.h"

namespace indelible {

// Takes saves from all environments of the process through their two stages.
//
// Stage 1, many at a time on the pool's threads: a complete file beside the old one (SaveJob::Prepare). Stage
// 2, in groups: renames and directory syncs (CommitLeader). Saves that sync no directory are published each
// by itself.
class Scheduler {
 public:
  explicit Scheduler(ThreadPool* pool) : pool_(pool), commits_(&plans_, pool) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // The listener hears of the outcome, on one of the pool's threads.
  void Submit(std::shared_ptr<SaveJob> job) EXCLUDES(mutex_);

  // Saves on the calling thread, all of them together, behind all earlier saves to their paths. Empty: done.
  // Otherwise nothing has been published, and these plans have to be provided first: those of the saves
  // themselves and, where they would have to wait for earlier saves, those that any suspended save of the
  // process waits for. (It may stand before them or hold a slot; and where two environments share this
  // thread, its own cannot answer.) Then the same jobs may be tried again. No listener is called.
  [[nodiscard]] std::vector<PlanRequest> SaveSync(const std::vector<std::shared_ptr<SaveJob>>& jobs)
      EXCLUDES(mutex_);

  // The beginning of a save whose data is streamed, on the calling thread. It takes its position among the
  // saves to its path when it is submitted. kNeedsPlan: to be opened again when `*needed` has been provided.
  // `synchronous`: the thread is JavaScript's own.
  SaveJob::Prepared Open(SaveJob* job, bool synchronous, PlanRequest* needed) EXCLUDES(mutex_);
  // Instead of submitting it.
  void Abandon(SaveJob* job) { job->Finish(&unsynced_directories_); }

  // Answers a PlanRequest; saves of all listeners that wait for the filesystem's plan go on.
  void ProvidePlan(const FilesystemId& filesystem, uint64_t generation, const Decision& decision)
      EXCLUDES(mutex_);
  // There is no answer: the saves that wait for it go on with Decision::Default(), and never wait again.
  void UseDefaultPlan(const FilesystemId& filesystem) EXCLUDES(mutex_);
  // Lets the suspended saves of a listener, or of all of them, go on without a plan; they have been
  // cancelled.
  void ResumeAll(const SaveListener* listener) EXCLUDES(mutex_);

  // For calls that are not saves.
  PlanCache& plans() { return plans_; }
  UnsyncedDirectories& unsynced_directories() { return unsynced_directories_; }

  // When the process exits: nothing new starts, and what is under way is finished or taken back, so that no
  // temporary is left behind. No listener hears of it.
  void ShutDown() EXCLUDES(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  // What a thread found to do while it held the mutex, to be done without it.
  struct Dispatch {
    // To be published each by itself.
    ScheduledSaves alone;
    // Commit queues that need a leader.
    std::vector<FilesystemId> leaderless;
    // Failed before they could start.
    ScheduledSaves failed;
    // Has inherited the slot of a completed save, to be run afterwards on the same thread.
    std::shared_ptr<ScheduledSave> next;

    bool empty() const { return alone.empty() && leaderless.empty() && failed.empty(); }
  };

  void SuspendForSlot(std::shared_ptr<ScheduledSave> save) REQUIRES(mutex_);
  void Fill(Dispatch* dispatch) REQUIRES(mutex_);
  void PassOnSlot(SlotClass slot_class, Dispatch* dispatch) REQUIRES(mutex_);
  void DispatchReady(PathQueue* queue, Dispatch* dispatch) REQUIRES(mutex_);
  void Dequeue(ScheduledSave* save, Dispatch* dispatch) REQUIRES(mutex_);
  static bool AreNext(const ScheduledSaves& saves);
  // Saves that hold a slot and are not suspended.
  size_t Running() const REQUIRES(mutex_) { return slots_.taken() - suspended_.size(); }

  void Run(std::shared_ptr<ScheduledSave> save) EXCLUDES(mutex_);
  void Resume(const ScheduledSaves& saves) EXCLUDES(mutex_);
  SaveJob::Prepared Prepare(ScheduledSave* save, PlanRequest* needed) EXCLUDES(mutex_);
  bool AwaitDescriptors(SaveJob* job, bool synchronous, Clock::time_point give_up) EXCLUDES(mutex_);
  bool Suspend(const std::shared_ptr<ScheduledSave>& save, const PlanRequest& needed) EXCLUDES(mutex_);
  void RunDispatch(Dispatch* dispatch) EXCLUDES(mutex_);
  void PostDispatch(Dispatch dispatch) EXCLUDES(mutex_);
  void PublishAlone(const std::shared_ptr<ScheduledSave>& save, Dispatch* dispatch) EXCLUDES(mutex_);
  void Renamed(const ScheduledSaves& saves, Dispatch* dispatch) EXCLUDES(mutex_);
  void Complete(const std::shared_ptr<ScheduledSave>& save, Dispatch* dispatch) EXCLUDES(mutex_);

  ThreadPool* const pool_;
  PlanCache plans_;
  UnsyncedDirectories unsynced_directories_;
  CommitLeader commits_;

  Mutex mutex_;
  // Signalled when a save leaves its path's queue, is completed or is suspended.
  ConditionVariable moved_;
  PathQueues paths_ GUARDED_BY(mutex_);
  Slots slots_ GUARDED_BY(mutex_);
  SuspendedSaves suspended_ GUARDED_BY(mutex_);
  MemoryDirectories memory_directories_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_SCHEDULER_H_
