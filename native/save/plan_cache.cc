#include "plan_cache.h"

#include <cstddef>
#include <iterator>
#include <utility>

#include "optional_calls.h"

namespace indelible {

namespace {

// Nothing tells when a filesystem is unmounted.
constexpr size_t kMostEntries = 256;

}  // namespace

bool PlanCache::Find(const platform::FilesystemId& filesystem, const platform::Directory& directory,
                     Decision* decision, PlanRequest* request) {
  request->filesystem = filesystem;
  request->generation = platform::MountTableGeneration();
  bool valid = false;
  {
    MutexLock lock(mutex_);
    const auto found = entries_.find(filesystem);
    valid = found != entries_.end() && found->second.IsValid(request->generation);
    if (valid) *decision = found->second.decision;
  }
  if (!valid && !Check(filesystem, directory, decision, request)) return false;
  RemoveUnavailable(filesystem, decision);
  return true;
}

// After a change of the mount table. The mount is described before the evidence for a new decision is read.
bool PlanCache::Check(const platform::FilesystemId& filesystem, const platform::Directory& directory,
                      Decision* decision, PlanRequest* request) {
  std::string mount = platform::DescribeMount(directory);
  const uint64_t generation = request->generation;
  bool is_same = false;
  bool valid = false;
  {
    MutexLock lock(mutex_);
    Entry& entry = EntryOf(filesystem, generation);
    if (entry.decided_at != generation) {
      is_same = !mount.empty() && mount == entry.mount;
      if (!is_same) entry = Entry();
      if (is_same && entry.decision.of_mount_alone) entry.decided_at = generation;
    }
    valid = entry.IsValid(generation);
    if (valid) {
      *decision = entry.decision;
    } else {
      request->syncs = entry.syncs;
      entry.requested_at = generation;
      entry.requested_mount = std::move(mount);
    }
  }
  if (is_same) KeepUnavailable(filesystem, generation);
  if (!valid) request->directory = directory.path;
  return valid;
}

void PlanCache::Provide(const platform::FilesystemId& filesystem, uint64_t generation,
                        const Decision& decision) {
  // If the mount table has changed since the request, the evidence may be that of other options.
  const bool is_unchanged = platform::MountTableGeneration() == generation;
  MutexLock lock(mutex_);
  Entry& entry = EntryOf(filesystem, generation);
  const bool was_requested = entry.requested_at == generation;
  // Otherwise the count stays.
  if (!was_requested && entry.decided_at != generation) entry = Entry();
  entry.mount = is_unchanged && was_requested ? entry.requested_mount : std::string();
  entry.decided_at = generation;
  entry.decision = decision;
}

PlanCache::Entry& PlanCache::EntryOf(const platform::FilesystemId& filesystem, uint64_t generation) {
  if (entries_.size() >= kMostEntries && entries_.count(filesystem) == 0) {
    for (auto entry = entries_.begin(); entry != entries_.end();)
      entry = entry->second.decided_at == generation ? std::next(entry) : entries_.erase(entry);
    if (entries_.size() >= kMostEntries) entries_.clear();
  }
  return entries_[filesystem];
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
