#ifndef INDELIBLE_DIRECTORY_SYNCS_H_
#define INDELIBLE_DIRECTORY_SYNCS_H_

#include <vector>

#include "../save/save_job.h"
#include "thread_pool.h"

namespace indelible {

// One sync for each directory that the published saves put a name into, however many did. Every save that a
// failed sync covers fails with its error: none of them knows whether its own name is durable. Several
// directories may be synced at once, with the help of the pool's threads.
void SyncDirectories(const std::vector<SaveJob*>& published, ThreadPool* pool);

}  // namespace indelible

#endif  // INDELIBLE_DIRECTORY_SYNCS_H_
