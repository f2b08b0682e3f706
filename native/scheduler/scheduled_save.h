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

// The class of slots that a save needs from its start until its completion.
enum class SlotClass : uint8_t { kSmall, kLarge, kInMemory };

// A save in the scheduler, with the scheduler's state for it. The scheduler's mutex guards the members that
// are not constant and are not marked as belonging to one thread.
struct ScheduledSave {
  explicit ScheduledSave(std::shared_ptr<SaveJob> save_job, const void* call = nullptr)
      : job(std::move(save_job)), sync_call(call) {}
  bool synchronous() const { return sync_call != nullptr; }

  const std::shared_ptr<SaveJob> job;
  // The call of SaveSync whose thread runs both stages. Null for all other saves.
  const void* const sync_call;

  PathQueue* path_queue = nullptr;
  std::shared_ptr<ScheduledSave> next_on_path;
  bool may_start = false;   // Every earlier save to the path has started.
  bool started = false;     // Stage 1 has begun.
  bool ready = false;       // Stage 1 is done.
  bool dispatched = false;  // A thread is going to publish it.
  SlotClass slot_class = SlotClass::kSmall;
  // The saves that commit leaders wait for: CommitLeader::Admit. Used only by the thread that starts stage 1,
  // then by that of stage 1.
  std::optional<uint64_t> admitted_in;
  // The filesystem whose commit leader may wait for stage 1. The same threads.
  std::optional<platform::FilesystemId> expected_on;
};

using ScheduledSaves = std::vector<std::shared_ptr<ScheduledSave>>;

}  // namespace indelible

#endif  // INDELIBLE_SCHEDULED_SAVE_H_
