#ifndef INDELIBLE_PLAN_CACHE_H_
#define INDELIBLE_PLAN_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
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
  // How many groups of durable saves have synced the data of a new file, and its directory entry, since the
  // filesystem was mounted or its options changed. The saves of a group may have shared a commit, so they
  // count once.
  uint32_t syncs = 0;
};

// The decisions made so far. A decision is valid while the mount table is unchanged since the evidence was
// read, and until the number of syncs that it names. After a change of the mount table, what is known about a
// mount that is still the same stays.
class PlanCache {
 public:
  // False if there is no valid decision for this filesystem, which `directory` is on. `request` is then
  // complete.
  bool Find(const platform::FilesystemId& filesystem, const platform::Directory& directory,
            Decision* decision, PlanRequest* request) EXCLUDES(mutex_);
  // `generation`: from the request.
  void Provide(const platform::FilesystemId& filesystem, uint64_t generation, const Decision& decision)
      EXCLUDES(mutex_);
  // A durable save or a group has synced the data of a new file, and its directory entry.
  void CountSync(const platform::FilesystemId& filesystem) EXCLUDES(mutex_);
  // The number of filesystems.
  size_t entries() EXCLUDES(mutex_);

 private:
  struct Entry {
    bool IsValid(uint64_t generation) const {
      return decided_at == generation && (decision.learns_after == 0 || syncs < decision.learns_after);
    }

    // The generation of the mount table at which the decision was right. None: there is no decision.
    std::optional<uint64_t> decided_at;
    Decision decision;
    uint32_t syncs = 0;
    // The mount when the evidence was read (platform::DescribeMount). Empty: it is not known.
    std::string mount;
    // The same for the latest request, which is not answered yet.
    std::optional<uint64_t> requested_at;
    std::string requested_mount;
  };
  bool Check(const platform::FilesystemId& filesystem, const platform::Directory& directory,
             Decision* decision, PlanRequest* request) EXCLUDES(mutex_);
  Entry& EntryOf(const platform::FilesystemId& filesystem, uint64_t generation) REQUIRES(mutex_);

  Mutex mutex_;
  std::map<platform::FilesystemId, Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_PLAN_CACHE_H_
