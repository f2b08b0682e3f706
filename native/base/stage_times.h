#ifndef INDELIBLE_STAGE_TIMES_H_
#define INDELIBLE_STAGE_TIMES_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace indelible {

// The stages of a save, in their order. JavaScript knows them by kStageNames.
enum class Stage : uint8_t {
  kQueue,          // Waits for a slot, a thread, or the start of an earlier save to its path.
  kLocate,         // Finds the target and the update protocol, and makes missing directories.
  kCreate,         // Creates the temporary.
  kWrite,          // Writes the data.
  kAttributes,     // Looks at the old file again; sets owner, attributes and mode.
  kSync,           // Syncs the data, or writes it back.
  kClose,          // Closes the file where close can report a failed write.
  kWait,           // Waits for earlier saves to its path, and for its group.
  kRename,         // Links and renames.
  kSyncDirectory,  // Syncs directories, for the whole group.
};
inline constexpr const char* kStageNames[] = {"queue", "locate", "create", "write",  "attributes",
                                              "sync",  "close",  "wait",   "rename", "syncDirectory"};
inline constexpr size_t kStages = sizeof kStageNames / sizeof kStageNames[0];

// The time that a save has spent in each stage. Used by one thread at a time.
class StageTimes {
 public:
  // Ends the stage before.
  void Enter(Stage stage) {
    Leave();
    stage_ = static_cast<size_t>(stage);
  }
  // Ends the stage. The time until the next Enter is not counted.
  void Leave() {
    const Clock::time_point now = Clock::now();
    if (stage_ < kStages) spent_[stage_] += now - since_;
    stage_ = kStages;
    since_ = now;
  }
  double Nanoseconds(size_t stage) const {
    return static_cast<double>(std::chrono::nanoseconds(spent_[stage]).count());
  }

 private:
  using Clock = std::chrono::steady_clock;

  size_t stage_ = kStages;
  Clock::time_point since_;
  std::array<Clock::duration, kStages> spent_{};
};

}  // namespace indelible

#endif  // INDELIBLE_STAGE_TIMES_H_
