#ifndef INDELIBLE_GROUP_SYNC_CHOICE_H_
#define INDELIBLE_GROUP_SYNC_CHOICE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace indelible {

// Chooses how a group of saves is synced: by one syncfs, or a sync for each file. One syncfs waits for
// everything that is dirty on the filesystem, whoever has written it, so only the durations of the last
// groups tell which of the two is faster. Groups of a similar size are compared. Not thread-safe.
class GroupSyncChoice {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // Whether the next group, of this size, is to be synced by one syncfs.
  bool ByFilesystem(size_t saves);
  // The commit of a group that was synced so took this long.
  void Record(size_t saves, bool by_filesystem, Duration took);

 private:
  // One of the two ways, for groups of a similar size.
  struct Way {
    // The mean of the last two durations. Zero: not tried yet.
    Duration took{0};
    // The number of groups since it was used, and after how many it is tried again.
    uint32_t unused = 0;
    uint32_t tried_after = 0;
  };
  struct Sizes {
    Way apart;
    Way by_filesystem;
  };
  static constexpr size_t kSizes = 6;

  static bool IsDue(const Way& way) { return way.unused >= way.tried_after; }
  Sizes* Of(size_t saves);

  // Groups of 8 to 15 saves, of 16 to 31, and so on.
  std::array<Sizes, kSizes> sizes_;
};

}  // namespace indelible

#endif  // INDELIBLE_GROUP_SYNC_CHOICE_H_
