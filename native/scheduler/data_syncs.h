#ifndef INDELIBLE_DATA_SYNCS_H_
#define INDELIBLE_DATA_SYNCS_H_

#include <vector>

#include "../save/save_job.h"
#include "thread_pool.h"

namespace indelible {

// The saves of the group that one syncfs can make durable. None if the saves are on several filesystems.
std::vector<SaveJob*> SyncableByFilesystem(const std::vector<SaveJob*>& group);

// Makes the data of all saves durable by one syncfs, or fails them. False: the call is not available, and the
// saves are as they were.
[[nodiscard]] bool SyncDataByFilesystem(const std::vector<SaveJob*>& jobs);

// Awaits or syncs the data of each save that has left it to this call, on threads of the pool as well.
void SyncData(const std::vector<SaveJob*>& jobs, ThreadPool* pool);

}  // namespace indelible

#endif  // INDELIBLE_DATA_SYNCS_H_
