#include "group_sync_choice.h"

#include <algorithm>

namespace indelible {

namespace {

// A disk with a 5 ms flush, one syncfs against syncs of all files at the same time: 4 files 29 and 41 ms on
// btrfs, 18 and 18 ms on ext4 without a journal; 16 files 33 and 45, 20 and 30 ms. The gain for few files is
// not worth waiting for what other programs have written.
constexpr size_t kSmallest = 8;

// The slower way is tried again after this number of groups, and after twice as many each time that it is
// still slower. So a change is noticed, and trying costs little.
constexpr uint32_t kFirstPause = 16;
constexpr uint32_t kLongestPause = 512;

}  // namespace

GroupSyncChoice::Sizes* GroupSyncChoice::Of(size_t saves) {
  size_t index = 0;
  for (size_t limit = 2 * kSmallest; saves >= limit && index + 1 < kSizes; limit *= 2) ++index;
  return &sizes_[index];
}

bool GroupSyncChoice::ByFilesystem(size_t saves) {
  if (saves < kSmallest) return false;
  const Sizes& sizes = *Of(saves);
  if (sizes.by_filesystem.took == Duration(0)) return true;
  if (sizes.apart.took == Duration(0)) return false;
  const bool faster = sizes.by_filesystem.took < sizes.apart.took;
  return IsDue(faster ? sizes.apart : sizes.by_filesystem) ? !faster : faster;
}

void GroupSyncChoice::Record(size_t saves, bool by_filesystem, Duration took) {
  if (saves < kSmallest) return;
  Sizes* const sizes = Of(saves);
  Way& used = by_filesystem ? sizes->by_filesystem : sizes->apart;
  Way& other = by_filesystem ? sizes->apart : sizes->by_filesystem;
  took = std::max(took, Duration(1));
  // What was not used for long tells nothing about now.
  const bool is_recent = used.took != Duration(0) && used.unused < kFirstPause;
  used.took = is_recent ? (used.took + took) / 2 : took;
  const bool is_slower = other.took != Duration(0) && used.took > other.took;
  used.tried_after = is_slower ? std::clamp(2 * used.tried_after, kFirstPause, kLongestPause) : kFirstPause;
  used.unused = 0;
  ++other.unused;
}

}  // namespace indelible
