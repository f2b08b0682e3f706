#ifndef INDELIBLE_COMMIT_LEADER_H_
#define INDELIBLE_COMMIT_LEADER_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "../base/function_ref.h"
#include "../platform/mutex.h"
#include "../save/plan_cache.h"
#include "scheduled_save.h"
#include "thread_pool.h"

namespace indelible {

// Publishes saves in groups: one leader per filesystem takes every save that has finished stage 1, renames
// them all, syncs each distinct directory once, completes them all, and goes on while more have arrived. This
// is group commit as databases do it: a save that arrives while the disk is busy shares the next commit,
// without a timer. While others are in stage 1 the leader waits for them, for as long as a commit takes and
// no longer: the first of many called at once would otherwise commit alone, and the others wait for it and
// then for a commit of their own. A lone save waits for none.
class CommitLeader {
 public:
  CommitLeader(PlanCache* plans, ThreadPool* pool) : plans_(plans), pool_(pool) {}
  CommitLeader(const CommitLeader&) = delete;
  CommitLeader& operator=(const CommitLeader&) = delete;

  // Called by stage 1 when it knows where the save goes: the filesystem's leader may wait for it.
  void Expect(ScheduledSave* save) EXCLUDES(mutex_);
  // Stage 1 is over, or takes longer than any commit; a save that is ready has been added before.
  void StopExpecting(ScheduledSave* save) EXCLUDES(mutex_);

  // The save is ready to be published with a group. True if its filesystem has no leader: then the caller
  // sees to it that Run is called.
  [[nodiscard]] bool Add(std::shared_ptr<ScheduledSave> save) EXCLUDES(mutex_);
  // Leads until no save is left. `renamed` is called with saves whose rename is done or has failed,
  // `committed` with them once their names are durable.
  using Report = FunctionRef<void(const ScheduledSaves&)>;
  void Run(const FilesystemId& filesystem, Report renamed, Report committed) EXCLUDES(mutex_);

  // The two halves of a commit, for saves of any filesystems.
  // Renames what is to be renamed, in order. Of several saves in a row to one path only the last is, if
  // nobody can tell the difference; should its rename fail, the one before it takes its place.
  static void Rename(const ScheduledSaves& saves);
  // Syncs the directories of those that are published.
  void Sync(const ScheduledSaves& saves);

 private:
  using Clock = std::chrono::steady_clock;

  // The saves of one filesystem that share directory syncs.
  struct CommitQueue {
    // Ready to be published.
    ScheduledSaves ready;
    bool has_leader = false;
    // How many are in stage 1.
    size_t expected = 0;
    // What the latest commits took.
    Clock::duration last_took{0};
    Clock::duration one_before_took{0};
  };

  Clock::duration Patience(const FilesystemId& filesystem) EXCLUDES(mutex_);
  void Timed(const FilesystemId& filesystem, Clock::duration took) EXCLUDES(mutex_);
  ScheduledSaves TakeReady(const FilesystemId& filesystem, Clock::time_point patience) EXCLUDES(mutex_);
  bool Retire(const FilesystemId& filesystem) EXCLUDES(mutex_);

  PlanCache* const plans_;
  ThreadPool* const pool_;
  Mutex mutex_;
  // Signalled when a save is no longer expected.
  ConditionVariable arrived_;
  std::map<FilesystemId, CommitQueue> queues_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_COMMIT_LEADER_H_
