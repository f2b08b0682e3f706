#include "filesystem_plans.h"

namespace indelible {

bool FilesystemPlans::Find(const FilesystemId& filesystem, Decision* decision, uint64_t* generation) {
  *generation = platform::MountTableGeneration();
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(filesystem);
  if (found == entries_.end() || found->second.generation != *generation) return false;
  *decision = found->second.decision;
  return true;
}

void FilesystemPlans::Set(const FilesystemId& filesystem, uint64_t generation, const Decision& decision) {
  std::lock_guard<std::mutex> lock(mutex_);
  // Filesystems that are gone leave their entries behind; after a change of the mount table none of the old
  // ones is valid anyway.
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = entry->second.generation == generation ? std::next(entry) : entries_.erase(entry);
  }
  entries_[filesystem] = Entry{generation, decision};
}

}  // namespace indelible
