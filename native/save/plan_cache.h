#ifndef INDELIBLE_PLAN_CACHE_H_
#define INDELIBLE_PLAN_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "../platform/mutex.h"
#include "../platform/platform.h"
#include "plan.h"

namespace indelible {

// Asks the plan provider for the plans of saves on a filesystem.
struct PlanRequest {
  platform::FilesystemId filesystem;
  // A directory on the filesystem, for finding its mount.
  std::string directory;
  // The generation of the mount table before any evidence is read.
  uint64_t generation = 0;
  // How many groups of durable saves have synced the data of a new file, and its directory entry, since this
  // generation began. The saves of a group may have shared a commit, so they count once.
  uint32_t syncs = 0;
};

// The decisions made so far. A decision is valid while the mount table is unchanged since the evidence was
// read, and until the number of syncs that it names.
class PlanCache {
 public:
  // False if there is no valid decision for this filesystem. `request` then has everything except its
  // directory.
  bool Find(const platform::FilesystemId& filesystem, Decision* decision, PlanRequest* request)
      EXCLUDES(mutex_);
  // `generation`: from the request.
  void Provide(const platform::FilesystemId& filesystem, uint64_t generation, const Decision& decision)
      EXCLUDES(mutex_);
  // A durable save or a group has synced the data of a new file, and its directory entry.
  void CountSync(const platform::FilesystemId& filesystem) EXCLUDES(mutex_);
  // The number of decisions.
  size_t entries() EXCLUDES(mutex_);

 private:
  struct Entry {
    uint64_t generation;
    uint32_t syncs;
    Decision decision;
  };
  Mutex mutex_;
  std::map<platform::FilesystemId, Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_PLAN_CACHE_H_
