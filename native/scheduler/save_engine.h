#ifndef INDELIBLE_SAVE_ENGINE_H_
#define INDELIBLE_SAVE_ENGINE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "../base/function_ref.h"
#include "../save/filesystem_plans.h"
#include "../save/save_job.h"
#include "memory_directories.h"
#include "path_order.h"
#include "worker_pool.h"

namespace indelible {

// Takes saves from all environments of the process through their two stages.
//
// Stage 1, many at a time on the pool's threads: a complete file beside the old one (SaveJob::Prepare). Stage
// 2, one leader per filesystem: it takes every save that finished stage 1, renames them all, syncs each
// distinct directory once, completes them all, and goes on while more have arrived. This is group commit as
// databases do it: whoever arrives while the disk is busy shares the next commit, without a timer. While
// others are in stage 1 the leader waits for them, for as long as a commit takes and no longer: the first of
// many called at once would otherwise commit alone, and the others wait for it and then for a commit of their
// own. A lone save waits for nobody. Saves that sync no directory don't wait for a leader.
class SaveEngine {
 public:
  explicit SaveEngine(WorkerPool* pool);
  SaveEngine(const SaveEngine&) = delete;
  SaveEngine& operator=(const SaveEngine&) = delete;

  // The listener hears of the outcome, on one of the pool's threads.
  void Submit(std::shared_ptr<SaveJob> job);

  // Saves on the calling thread, all of them together, behind all earlier saves to their paths. False if a
  // filesystem has to be decided about first: the listener has been told which, nothing has been published,
  // and the same saves may be tried again, as new jobs unless they are opened ones.
  bool SaveSync(const std::vector<std::shared_ptr<SaveJob>>& jobs);

  // The beginning of a save whose data arrives in pieces, on the calling thread. It takes its place among the
  // saves to its path when it is submitted. kUndecided: as with SaveSync, to be opened again.
  SaveJob::Prepared Open(SaveJob* job);
  // Instead of submitting it.
  void Abandon(SaveJob* job) { job->Finish(&fresh_directories_); }

  // Tells what SaveListener::Undecided asked for.
  void Decide(const FilesystemId& filesystem, uint64_t generation, const Decision& decision);

  // The decisions, for calls that are not saves.
  FilesystemPlans& plans() { return plans_; }
  FreshDirectories& fresh_directories() { return fresh_directories_; }

  // Lets the saves of a listener, or of all of them, that wait for a decision go on without one; they have
  // been cancelled.
  void ReleaseParked(const SaveListener* listener);

  // When the process exits: nothing new starts, and what is under way is finished or taken back, so that no
  // temporary is left behind. No listener hears of it.
  void ShutDown();

 private:
  using Clock = std::chrono::steady_clock;

  // How many saves of a kind may be between their start and their completion, which bounds the open
  // descriptors.
  struct Places {
    explicit Places(size_t limit) : most(limit) {}
    const size_t most;
    size_t taken = 0;
    std::deque<std::shared_ptr<SaveJob>> waiting;
  };
  // The saves of one filesystem that share directory syncs.
  struct CommitQueue {
    // Ready to be published.
    std::vector<std::shared_ptr<SaveJob>> waiting;
    bool led = false;
    // How many are in stage 1.
    size_t awaited = 0;
    // What the latest commits took.
    Clock::duration last_took{0};
    Clock::duration one_before_took{0};
  };
  using Jobs = std::vector<std::shared_ptr<SaveJob>>;
  // What a thread found to do while it held the mutex, to be carried out without it.
  struct Dispatch {
    // To be published each by itself.
    Jobs alone;
    // Commit queues that need a leader.
    std::vector<FilesystemId> leaderless;
    // Failed before they could start.
    Jobs failed;
    // Has inherited the place of a completed save, to be run afterwards on the same thread.
    std::shared_ptr<SaveJob> next;

    bool empty() const { return alone.empty() && leaderless.empty() && failed.empty(); }
  };

  // Under the mutex.
  Places& PlacesOf(SaveJob::Place place);
  Places& Queue(std::shared_ptr<SaveJob> job);
  void Admit(std::shared_ptr<SaveJob> job, Dispatch* dispatch);
  void Fill(Places* places, Dispatch* dispatch);
  std::shared_ptr<SaveJob> TakeWaiting(Places* places, std::set<Places*>* others);
  void PassOnPlace(SaveJob::Place place, Dispatch* dispatch);
  void Advance(PathQueue* queue, Dispatch* dispatch);
  void Leave(SaveJob* job, Dispatch* dispatch);
  bool EarlierIsParked(const SaveJob& job) const;
  bool IsNext(const SaveJob& job) const;
  void StopAwaiting(SaveJob* job);

  // Without it.
  void Run(std::shared_ptr<SaveJob> job);
  void RunOnPool(const std::shared_ptr<SaveJob>& job);
  SaveJob::Prepared PrepareWithDescriptors(SaveJob* job);
  SaveJob::Prepared WithDescriptors(SaveJob* job, FunctionRef<SaveJob::Prepared()> attempt);
  void Await(SaveJob* job);
  void Park(const std::shared_ptr<SaveJob>& job);
  void Carry(Dispatch* dispatch);
  void CarryElsewhere(Dispatch dispatch);
  void Lead(const FilesystemId& filesystem, Dispatch* dispatch);
  void PublishAlone(const std::shared_ptr<SaveJob>& job, Dispatch* dispatch);
  Jobs TakeReady(const FilesystemId& filesystem, Clock::time_point patience);
  Clock::duration Patience(const FilesystemId& filesystem);
  void Timed(const FilesystemId& filesystem, Clock::duration took);
  void PublishInOrder(const Jobs& jobs, Dispatch* dispatch);
  void Complete(const std::shared_ptr<SaveJob>& job, Dispatch* dispatch);

  WorkerPool* const pool_;
  FilesystemPlans plans_;
  FreshDirectories fresh_directories_;

  std::mutex mutex_;
  // Signalled when a save leaves its path's queue or is parked, for those that wait in SaveSync.
  std::condition_variable moved_;
  // Signalled when a save is no longer awaited.
  std::condition_variable prepared_;
  PathOrder order_;
  Places small_;
  Places large_;
  Places in_memory_;
  MemoryDirectories memory_directories_;
  std::map<FilesystemId, CommitQueue> commits_;
  std::map<FilesystemId, Jobs> parked_;
  // Saves that hold a place and are not parked.
  size_t running_ = 0;
};

}  // namespace indelible

#endif  // INDELIBLE_SAVE_ENGINE_H_
