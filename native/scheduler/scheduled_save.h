#ifndef INDELIBLE_SCHEDULED_SAVE_H_
#define INDELIBLE_SCHEDULED_SAVE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "../save/save_job.h"

namespace indelible {

struct PathQueue;

// Which limit a save counts against while it is between its start and its completion.
enum class SlotClass : uint8_t { kSmall, kLarge, kInMemory };

// A save on its way through the scheduler, with what the scheduler knows about it. The scheduler's mutex
// guards what is neither constant nor said to belong to one thread.
struct ScheduledSave {
  explicit ScheduledSave(std::shared_ptr<SaveJob> its_job, const void* its_call = nullptr)
      : job(std::move(its_job)), sync_call(its_call) {}
  bool synchronous() const { return sync_call != nullptr; }

  const std::shared_ptr<SaveJob> job;
  // The call of SaveSync whose thread takes it through both stages; null for all other saves.
  const void* const sync_call;

  PathQueue* path_queue = nullptr;
  std::shared_ptr<ScheduledSave> next_on_path;
  bool started = false;     // Stage 1 has a thread, or had one.
  bool ready = false;       // Stage 1 is done.
  bool dispatched = false;  // A thread is about to publish it.
  SlotClass slot_class = SlotClass::kSmall;
  // Where a commit leader may wait for its stage 1, whose thread alone touches this.
  std::optional<FilesystemId> expected_on;
};

using ScheduledSaves = std::vector<std::shared_ptr<ScheduledSave>>;

}  // namespace indelible

#endif  // INDELIBLE_SCHEDULED_SAVE_H_
