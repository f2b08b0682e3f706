#include "directory_syncs.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "../platform/mutex.h"
#include "../save/sync_fallback.h"

namespace indelible {

namespace {

struct Sync {
  const platform::Directory* directory;
  platform::Identity identity;
  std::vector<SaveJob*> saves;
  Status status;
  // The durability reached, if the sync has not failed.
  Reached reached = Reached::kSubmitted;
};

// Syncs that several threads share, each taking the next one. The thread that waits for the result takes
// part, and waits only for syncs that other threads have begun. So no thread of the pool is needed to finish.
class SharedSyncs {
 public:
  explicit SharedSyncs(std::vector<Sync>* syncs)
      : syncs_(*syncs), count_(syncs->size()), unfinished_(syncs->size()) {}

  void RunRemaining() EXCLUDES(mutex_) {
    // No member of a sync may be used before it is taken: they may all be destroyed.
    for (size_t taken = next_++; taken < count_; taken = next_++) {
      Sync& sync = syncs_[taken];
      sync.status = SyncEntries(*sync.directory, &sync.reached);
      MutexLock lock(mutex_);
      if (--unfinished_ == 0) finished_.NotifyAll();
    }
  }

  void Wait() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (unfinished_ > 0) finished_.Wait(mutex_);
  }

 private:
  std::vector<Sync>& syncs_;
  const size_t count_;
  std::atomic<size_t> next_{0};
  Mutex mutex_;
  ConditionVariable finished_;
  size_t unfinished_ GUARDED_BY(mutex_);
};

std::vector<Sync> DistinctSyncs(const std::vector<SaveJob*>& published) {
  std::vector<Sync> syncs;
  for (SaveJob* job : published) {
    for (const auto& [directory, identity] : job->DirectoriesToSync()) {
      const auto same = std::find_if(syncs.begin(), syncs.end(), [&, &one = identity](const Sync& sync) {
        return platform::SameFile(sync.identity, one);
      });
      if (same == syncs.end()) {
        syncs.push_back(Sync{directory, identity, {job}, Status::Ok(), Reached::kSubmitted});
      } else {
        same->saves.push_back(job);
      }
    }
  }
  return syncs;
}

// Whether the directory syncs of a group should run in parallel. Where the single-commit protocol is proven
// (ext4, XFS) the first commit covers all entries: 64 directories took no longer than one. On btrfs each sync
// waits for a commit of its own, which syncs share if they wait at the same time: with a 5 ms flush, 64
// directories took 742 ms in series and 55 ms at once, 8 took 87 and 22 ms. syncfs(2), which took 14 ms,
// would also wait for everything that other programs have written, however much that is.
bool SyncInParallel(const std::vector<SaveJob*>& published) {
  return std::any_of(published.begin(), published.end(),
                     [](const SaveJob* job) { return job->plan().file_sync() == FileSync::kData; });
}

void RunInParallel(std::vector<Sync>* syncs, ThreadPool* pool) {
  const auto shared = std::make_shared<SharedSyncs>(syncs);
  for (size_t i = 1; i < std::min(syncs->size(), pool->most_threads()); ++i) {
    Task run = [shared] { shared->RunRemaining(); };
    // If no thread is available, this one runs all syncs.
    if (!pool->Post(&run)) break;
  }
  shared->RunRemaining();
  shared->Wait();
}

}  // namespace

void SyncDirectories(const std::vector<SaveJob*>& published, ThreadPool* pool) {
  if (published.empty()) return;
  for (SaveJob* job : published) job->Enter(Stage::kSyncDirectory);
  std::vector<Sync> syncs = DistinctSyncs(published);
  if (syncs.size() > 1 && SyncInParallel(published)) {
    RunInParallel(&syncs, pool);
  } else {
    for (Sync& sync : syncs) sync.status = SyncEntries(*sync.directory, &sync.reached);
  }
  for (const Sync& sync : syncs) {
    if (sync.status.ok() && sync.reached == Reached::kStable) continue;
    for (SaveJob* job : sync.saves) {
      if (sync.status.ok()) {
        job->EntryNotDurable();
      } else {
        job->DirectorySyncFailed(sync.status);
      }
    }
  }
  for (SaveJob* job : published) job->SyncFilesystemIfNeeded();
  for (SaveJob* job : published) job->LeaveStage();
}

}  // namespace indelible
