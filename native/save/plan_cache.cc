#include "plan_cache.h"

#include <cstddef>
#include <iterator>

#include "optional_calls.h"

namespace indelible {

namespace {

// Where changes of the mount table cannot be seen, no decision becomes invalid.
constexpr size_t kMostEntries = 256;

}  // namespace

bool PlanCache::Find(const platform::FilesystemId& filesystem, Decision* decision, PlanRequest* request) {
  request->filesystem = filesystem;
  request->generation = platform::MountTableGeneration();
  request->syncs = 0;
  {
    MutexLock lock(mutex_);
    const auto found = entries_.find(filesystem);
    if (found == entries_.end() || found->second.generation != request->generation) return false;
    const Entry& entry = found->second;
    request->syncs = entry.syncs;
    if (entry.decision.learns_after > 0 && entry.syncs >= entry.decision.learns_after) return false;
    *decision = entry.decision;
  }
  RemoveUnavailable(filesystem, decision);
  return true;
}

void PlanCache::Provide(const platform::FilesystemId& filesystem, uint64_t generation,
                        const Decision& decision) {
  MutexLock lock(mutex_);
  // Removes the entries of unmounted filesystems: after a change of the mount table no old entry is valid.
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = entry->second.generation == generation ? std::next(entry) : entries_.erase(entry);
  }
  if (entries_.size() >= kMostEntries && entries_.count(filesystem) == 0) entries_.clear();
  // The count stays.
  entries_.try_emplace(filesystem, Entry{generation, 0, Decision()}).first->second.decision = decision;
}

size_t PlanCache::entries() {
  MutexLock lock(mutex_);
  return entries_.size();
}

void PlanCache::CountSync(const platform::FilesystemId& filesystem) {
  MutexLock lock(mutex_);
  const auto found = entries_.find(filesystem);
  if (found != entries_.end()) ++found->second.syncs;
}

}  // namespace indelible
