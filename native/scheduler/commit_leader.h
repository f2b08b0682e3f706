#ifndef INDELIBLE_COMMIT_LEADER_H_
#define INDELIBLE_COMMIT_LEADER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "../base/function_ref.h"
#include "../platform/mutex.h"
#include "../save/plan_cache.h"
#include "group_sync_choice.h"
#include "scheduled_save.h"
#include "thread_pool.h"

namespace indelible {

// Publishes saves in groups. One leader for each filesystem takes all saves that have finished stage 1,
// awaits or syncs their data, renames them, syncs each distinct directory once, completes the saves, and
// repeats while more have arrived. This is the group commit of databases: a save that arrives while the disk
// is busy shares the next commit, without a timer. While other saves have been admitted and are not ready,
// the leader waits for them, for as long as one commit takes. Otherwise the first of many saves called
// together would commit alone, and the others would wait for that commit and then for their own. A single
// save waits for no other.
class CommitLeader {
 public:
  CommitLeader(PlanCache* plans, ThreadPool* pool) : plans_(plans), pool_(pool) {}
  CommitLeader(const CommitLeader&) = delete;
  CommitLeader& operator=(const CommitLeader&) = delete;

  // Stage 1 is about to begin. The filesystem of the save is not known yet: every leader may wait for it.
  void Admit(ScheduledSave* save) EXCLUDES(mutex_);
  // Called by stage 1 when the filesystem is known: only its leader may wait for the save.
  void Expect(ScheduledSave* save) EXCLUDES(mutex_);
  // Stage 1 has ended, or takes longer than any commit. A save that is ready has been added before.
  void StopExpecting(ScheduledSave* save) EXCLUDES(mutex_);

  // The save is ready to be published with a group. True if its filesystem has no leader: then the caller
  // must call RunLeader.
  [[nodiscard]] bool AddReady(std::shared_ptr<ScheduledSave> save) EXCLUDES(mutex_);
  // Runs the leader until no save is left. `renamed` is called with the saves of a group when their renames
  // have succeeded or failed, `committed` when their entries are durable.
  using Report = FunctionRef<void(const ScheduledSaves&)>;
  void RunLeader(const platform::FilesystemId& filesystem, Report renamed, Report committed) EXCLUDES(mutex_);

  // The number of filesystems about which something is remembered.
  size_t queues() EXCLUDES(mutex_);

  // One commit, of saves of any filesystems.
  void Commit(const ScheduledSaves& saves, Report renamed) EXCLUDES(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  // The saves of one filesystem, which share directory syncs.
  struct CommitQueue {
    // Ready to be published.
    ScheduledSaves ready;
    bool has_leader = false;
    // The number of saves in stage 1.
    size_t expected = 0;
    GroupSyncChoice sync_choice;
    // The duration of the last two commits.
    Clock::duration last_commit{0};
    Clock::duration commit_before_last{0};

    bool idle() const { return ready.empty() && !has_leader && expected == 0; }
  };

  CommitQueue& QueueOf(const platform::FilesystemId& filesystem) REQUIRES(mutex_);

  ScheduledSaves TakeReady(const platform::FilesystemId& filesystem) EXCLUDES(mutex_);
  void Locate(ScheduledSave* save) REQUIRES(mutex_);
  bool ChooseFilesystem(const platform::FilesystemId& filesystem, size_t saves) EXCLUDES(mutex_);
  static void Rename(const ScheduledSaves& saves);
  void SyncNames(const std::vector<SaveJob*>& jobs, bool by_filesystem);
  bool StopIfIdle(const platform::FilesystemId& filesystem) EXCLUDES(mutex_);

  PlanCache* const plans_;
  ThreadPool* const pool_;
  Mutex mutex_;
  // Signalled when there may be no save left to wait for.
  ConditionVariable arrived_;
  // The number of admitted saves whose filesystem is not known yet. Those of an earlier period do not count
  // any more: a leader has waited for them in vain.
  size_t unlocated_ GUARDED_BY(mutex_) = 0;
  uint64_t period_ GUARDED_BY(mutex_) = 0;
  std::map<platform::FilesystemId, CommitQueue> queues_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_COMMIT_LEADER_H_
