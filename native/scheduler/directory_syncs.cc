#include "directory_syncs.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <list>
#include <utility>

#include "../save/optional_calls.h"
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

  void Run() { status = SyncEntries(*directory, &reached); }
};

// `synced`: the filesystem whose directories are synced already, or null.
std::list<Sync> DistinctSyncs(const std::vector<SaveJob*>& published, const platform::FilesystemId* synced) {
  std::list<Sync> syncs;
  for (SaveJob* job : published) {
    for (const auto& [directory, identity] : job->DirectoriesToSync()) {
      if (synced != nullptr && platform::FilesystemId::Of(identity) == *synced) continue;
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
// directories took 742 ms in series and 55 ms at once, 8 took 87 and 22 ms.
bool SyncInParallel(const std::vector<SaveJob*>& published) {
  return std::any_of(published.begin(), published.end(),
                     [](const SaveJob* job) { return job->plan().file_sync() == FileSync::kData; });
}

// One syncfs, for the names of all the saves. False: the call is not available.
bool SyncByFilesystem(const std::vector<SaveJob*>& published) {
  const auto syncable =
      std::find_if(published.begin(), published.end(), [](const SaveJob* job) { return !job->coalesced(); });
  if (syncable == published.end()) return false;
  const Status status = (*syncable)->SyncFilesystem();
  if (MayBeUnavailable(OptionalCall::kSyncFilesystem, status)) return false;
  if (!status.ok()) {
    for (SaveJob* job : published) job->DirectorySyncFailed(status);
  }
  return true;
}

}  // namespace

void SyncDirectories(const std::vector<SaveJob*>& published, bool by_filesystem, ThreadPool* pool) {
  if (published.empty()) return;
  for (SaveJob* job : published) job->Enter(Stage::kSyncDirectory);
  const bool synced = by_filesystem && SyncByFilesystem(published);
  const platform::FilesystemId filesystem = published.front()->filesystem();
  std::list<Sync> syncs = DistinctSyncs(published, synced ? &filesystem : nullptr);
  if (SyncInParallel(published)) {
    RunInParallel(pool, syncs.size(), [&](size_t index) { std::next(syncs.begin(), index)->Run(); });
  } else {
    for (Sync& sync : syncs) sync.Run();
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
  for (SaveJob* job : published) {
    if (!synced) job->SyncFilesystemIfNeeded();
    job->LeaveStage();
  }
}

}  // namespace indelible
