#ifndef INDELIBLE_PLAN_CACHE_H_
#define INDELIBLE_PLAN_CACHE_H_

#include <cstdint>
#include <map>
#include <string>

#include "../platform/mutex.h"
#include "filesystem_id.h"
#include "plan.h"

namespace indelible {

// What the plan provider is asked: which plans saves on this filesystem shall follow.
struct PlanRequest {
  FilesystemId filesystem;
  // On the filesystem, for finding its mount.
  std::string directory;
  // The mount table's, from before any evidence is read.
  uint64_t generation = 0;
  // How many groups of durable saves have synced the data of a new file, and its name, since this generation
  // began. The saves of a group may have shared a commit, so they count once.
  uint32_t syncs = 0;
};

// The decisions made so far. Each holds as long as the mount table stays as it was when the evidence was
// read, and until as many syncs have been seen as it says.
class PlanCache {
 public:
  // False if there is no valid decision for this filesystem: `request`, all but its directory, says what to
  // ask.
  bool Find(const FilesystemId& filesystem, Decision* decision, PlanRequest* request) EXCLUDES(mutex_);
  // `generation` is the request's.
  void Provide(const FilesystemId& filesystem, uint64_t generation, const Decision& decision)
      EXCLUDES(mutex_);
  // A durable save, or a group, has synced the data of a new file, and its name.
  void CountSync(const FilesystemId& filesystem) EXCLUDES(mutex_);

 private:
  struct Entry {
    uint64_t generation;
    uint32_t syncs;
    Decision decision;
  };
  Mutex mutex_;
  std::map<FilesystemId, Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_PLAN_CACHE_H_
