#ifndef INDELIBLE_DIRECTORY_SYNCS_H_
#define INDELIBLE_DIRECTORY_SYNCS_H_

#include <vector>

#include "../save/save_job.h"
#include "thread_pool.h"

namespace indelible {

// One sync for each directory that contains entries of published saves, however many saves there are. Every
// save that a failed sync covers fails with its error, because its own entry may not be durable. Several
// directories may be synced in parallel, on threads of the pool. `by_filesystem`: one syncfs instead, for all
// directories of the filesystem that the saves are on, if the call is available.
void SyncDirectories(const std::vector<SaveJob*>& published, bool by_filesystem, ThreadPool* pool);

}  // namespace indelible

#endif  // INDELIBLE_DIRECTORY_SYNCS_H_
