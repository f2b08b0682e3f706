#ifndef INDELIBLE_SCHEDULER_H_
#define INDELIBLE_SCHEDULER_H_

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <vector>

#include "../base/function_ref.h"
#include "../platform/mutex.h"
#include "../save/plan_cache.h"
#include "../save/save_job.h"
#include "../save/unsynced_directories.h"
#include "commit_leader.h"
#include "path_queues.h"
#include "scheduled_save.h"
#include "slots.h"
#include "suspended_saves.h"
#include "thread_pool.h"
#include "workers.h"

namespace indelible {

// Runs the saves of all environments of the process through their two stages.
//
// Stage 1, many at a time on the threads of the pool: a complete file beside the old one (SaveJob::Prepare).
// Stage 2, in groups: renames and directory syncs (CommitLeader). Saves that sync no directory are published
// one by one.
class Scheduler {
 public:
  explicit Scheduler(ThreadPool* pool) : pool_(pool), commits_(&plans_, pool) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Starts a save. The listener gets the outcome on a thread of the pool.
  void Submit(std::shared_ptr<SaveJob> job) EXCLUDES(mutex_);

  // The save has been cancelled. If it has not started, it fails now. If it has, no later save to the path
  // waits for it any more.
  void Withdraw(const SaveJob& job) EXCLUDES(mutex_);

  // Runs the save on the calling thread, which must not wait, if it goes to a filesystem in memory, is small,
  // and no other save to its path is unpublished. The listener is not called. False: nothing was done, and
  // the save has to be submitted. `among_many`: the caller makes many saves together, so the threads of the
  // pool get as many of them as keep them busy.
  [[nodiscard]] bool SaveAtOnce(const std::shared_ptr<SaveJob>& job, bool among_many = false)
      EXCLUDES(mutex_);

  // Runs the saves together on the calling thread, after all earlier saves to their paths, in several groups
  // if the descriptors do not suffice for one. Completed saves are removed from `*jobs`. Otherwise the result
  // is the plans to provide before the call is made again for the remaining ones: those of the saves
  // themselves, or, if they would have to wait for earlier saves, those that any suspended save of the
  // process waits for. (Such a save may be before them in a queue or occupy a slot. If two environments share
  // this thread, its own environment cannot answer.) No listener is called.
  [[nodiscard]] std::vector<PlanRequest> SaveSync(std::vector<std::shared_ptr<SaveJob>>* jobs)
      EXCLUDES(mutex_);

  // Begins a streaming save on the calling thread. Its position among the saves to its path is decided by
  // Submit. kNeedsPlan: to be opened again when `*needed` has been provided. `synchronous`: the thread is
  // that of JavaScript.
  SaveJob::Prepared Open(SaveJob* job, bool synchronous, PlanRequest* needed) EXCLUDES(mutex_);

  // Answers a PlanRequest. The saves of all listeners that wait for this plan continue.
  void ProvidePlan(const platform::FilesystemId& filesystem, uint64_t generation, const Decision& decision)
      EXCLUDES(mutex_);
  // There is no plan: the saves that wait for it continue with Decision::Default() and do not request a plan
  // again.
  void UseDefaultPlan(const platform::FilesystemId& filesystem) EXCLUDES(mutex_);
  // Resumes the suspended saves of a listener, or of all (null), without a plan. They have been cancelled.
  void ResumeAll(const SaveListener* listener) EXCLUDES(mutex_);

  // For calls that are not saves.
  PlanCache& plans() { return plans_; }
  UnsyncedDirectories& unsynced_directories() { return unsynced_directories_; }

  // At process exit: no save starts any more. Saves in progress are finished or undone, so that no temporary
  // remains, unless a filesystem takes longer than `deadline`. No listener is called.
  void ShutDown(std::chrono::steady_clock::time_point deadline) EXCLUDES(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  // Work that a thread found while it held the mutex, to be done without the mutex.
  struct Dispatch {
    // To be published one by one.
    ScheduledSaves alone;
    // Filesystems whose commit queue needs a leader.
    std::vector<platform::FilesystemId> leaderless;
    // Failed before the start.
    ScheduledSaves failed;
    // Has taken over the slot of a completed save. Runs next on the same thread.
    std::shared_ptr<ScheduledSave> next;

    bool empty() const { return alone.empty() && leaderless.empty() && failed.empty(); }
  };

  // Completed saves whose listeners are to be notified together. No call that may wait is made meanwhile.
  class Batch {
   public:
    ~Batch() { Notify(); }
    void Add(const std::shared_ptr<SaveListener>& listener);
    void Notify();

   private:
    std::vector<std::shared_ptr<SaveListener>> listeners_;
    size_t saves_ = 0;
  };

  void EnqueueForSlot(std::shared_ptr<ScheduledSave> save) REQUIRES(mutex_);
  void FillSlots(Dispatch* dispatch) REQUIRES(mutex_);
  void PassOnSlot(ScheduledSave* completed, Dispatch* dispatch) REQUIRES(mutex_);
  void Start(ScheduledSave* save) REQUIRES(mutex_);
  void FindHeldUp(Dispatch* dispatch) REQUIRES(mutex_);
  void Learn(const SaveJob& job) REQUIRES(mutex_);
  void DispatchReady(PathQueue* queue, Dispatch* dispatch) REQUIRES(mutex_);
  void Dequeue(ScheduledSave* save, Dispatch* dispatch) REQUIRES(mutex_);
  static bool AreFirst(const ScheduledSaves& saves);
  // The number of saves that have a slot and are not suspended.
  size_t Running() const REQUIRES(mutex_) { return slots_.taken() - suspended_.size(); }

  void StartWorkers(Dispatch* dispatch) REQUIRES(mutex_);
  bool PostWork(Workers::Worker* worker);
  void Work(Workers::Worker* worker) EXCLUDES(mutex_);
  void Watch() EXCLUDES(mutex_);
  void LetOthersWork(Workers::Worker* worker) EXCLUDES(mutex_);
  void Run(std::shared_ptr<ScheduledSave> save, Workers::Worker* worker) EXCLUDES(mutex_);
  void Resume(const ScheduledSaves& saves) EXCLUDES(mutex_);
  SaveJob::Prepared Prepare(ScheduledSave* save, bool waits, Workers::Worker* worker, PlanRequest* needed)
      EXCLUDES(mutex_);
  SaveJob::Prepared Retry(SaveJob* job, bool synchronous, FunctionRef<SaveJob::Prepared()> attempt)
      EXCLUDES(mutex_);
  bool WaitForDescriptors(const SaveJob* job, bool synchronous, Clock::time_point begin) EXCLUDES(mutex_);
  bool Suspend(const std::shared_ptr<ScheduledSave>& save, const PlanRequest& needed) EXCLUDES(mutex_);
  void RunDispatch(Dispatch* dispatch, Batch* batch) EXCLUDES(mutex_);
  void PostDispatch(Dispatch dispatch) EXCLUDES(mutex_);
  void PublishAlone(const std::shared_ptr<ScheduledSave>& save, Dispatch* dispatch, Batch* batch = nullptr)
      EXCLUDES(mutex_);
  void AfterRename(const ScheduledSaves& saves, Dispatch* dispatch) EXCLUDES(mutex_);
  void Complete(const std::shared_ptr<ScheduledSave>& save, Dispatch* dispatch, Batch* batch = nullptr)
      EXCLUDES(mutex_);
  std::vector<PlanRequest> WaitUntilFirst(const ScheduledSaves& saves, Dispatch* dispatch) EXCLUDES(mutex_);
  std::vector<PlanRequest> RunSync(const ScheduledSaves& saves, Dispatch* dispatch) EXCLUDES(mutex_);
  void CommitSync(ScheduledSaves* ready, Dispatch* dispatch) EXCLUDES(mutex_);

  ThreadPool* const pool_;
  PlanCache plans_;
  UnsyncedDirectories unsynced_directories_;
  CommitLeader commits_;

  Mutex mutex_;
  // Signalled when a save leaves its path queue, is completed or is suspended.
  ConditionVariable changed_;
  PathQueues paths_ GUARDED_BY(mutex_);
  Slots slots_ GUARDED_BY(mutex_);
  Workers workers_ GUARDED_BY(mutex_);
  // Whether a thread runs Watch. Nothing signals `tick_`.
  bool watched_ GUARDED_BY(mutex_) = false;
  ConditionVariable tick_;
  SuspendedSaves suspended_ GUARDED_BY(mutex_);
  // Saves that wait for descriptors. The first tries again.
  std::list<const SaveJob*> starving_ GUARDED_BY(mutex_);
  Clock::time_point last_completed_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_SCHEDULER_H_
