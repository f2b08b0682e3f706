#include "data_syncs.h"

#include "../save/optional_calls.h"

namespace indelible {

std::vector<SaveJob*> SyncableByFilesystem(const std::vector<SaveJob*>& group) {
  std::vector<SaveJob*> syncable;
  for (SaveJob* job : group) {
    if (!(job->filesystem() == group.front()->filesystem())) return {};
    if (job->AwaitsDataSync() && job->plan().group_sync != GroupSync::kNone &&
        job->plan().file_sync() == FileSync::kData)
      syncable.push_back(job);
  }
  return syncable;
}

// syncfs(2) fails if the data of any file could not be written since the descriptor was opened, also of
// another program's file. It does not say which, and a failed sync is not repeated: all saves fail.
bool SyncDataByFilesystem(const std::vector<SaveJob*>& jobs) {
  for (SaveJob* job : jobs) job->Enter(Stage::kSync);
  const Status status = jobs.front()->SyncFilesystem();
  if (MayBeUnavailable(OptionalCall::kSyncFilesystem, status)) {
    SetUnavailable(jobs.front()->filesystem(), OptionalCall::kSyncFilesystem);
    return false;
  }
  for (SaveJob* job : jobs) {
    if (status.ok()) {
      job->SyncedByFilesystem();
    } else {
      job->DataSyncFailed(status);
    }
    job->Enter(Stage::kWait);
  }
  return true;
}

void SyncData(const std::vector<SaveJob*>& jobs, ThreadPool* pool) {
  std::vector<SaveJob*> to_sync;
  for (SaveJob* job : jobs) {
    if (!job->AwaitsDataSync()) continue;
    if (job->plan().file_sync() == FileSync::kWriteBack) {
      // The writeback of all has been started: waiting for one after the other takes no longer.
      job->SyncData();
    } else {
      to_sync.push_back(job);
    }
  }
  // Syncs in series would each wait for a commit of their own.
  RunInParallel(pool, to_sync.size(), [&](size_t index) { to_sync[index]->SyncData(); });
}

}  // namespace indelible
