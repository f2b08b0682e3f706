#include "memory_directories.h"

#include <cstddef>

namespace indelible {

namespace {

// Programs save into a few directories; one that walks through thousands has no use for the hint.
constexpr size_t kMostKnown = 256;

}  // namespace

void MemoryDirectories::Learn(const std::string& path, bool in_memory) {
  if (!in_memory) {
    if (!known_.empty()) known_.erase(ParentOf(path));
    return;
  }
  if (known_.size() >= kMostKnown) known_.clear();
  known_.insert(ParentOf(path));
}

}  // namespace indelible
