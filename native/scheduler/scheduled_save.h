#ifndef INDELIBLE_SCHEDULED_SAVE_H_
#define INDELIBLE_SCHEDULED_SAVE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "../save/save_job.h"

namespace indelible {

struct PathQueue;

// The class of slots that a save needs from its start until its completion.
enum class SlotClass : uint8_t { kSmall, kLarge, kInMemory };

struct ScheduledSave;

// The slots of a class, or those of a class for a filesystem that holds its saves up, and the saves that wait
// for one of them (Slots).
struct SlotGroup {
  size_t limit = 0;
  size_t taken = 0;
  // The number of saves that may occupy a thread. Counted only where saves are held up.
  size_t on_threads = 0;
  std::list<std::shared_ptr<ScheduledSave>> waiting;
};

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
  // Where it has a slot or waits for one, and its position among those that do the same.
  SlotGroup* slots = nullptr;
  std::list<std::shared_ptr<ScheduledSave>>::iterator waits_at;
  std::list<ScheduledSave*>::iterator holds_at;
  bool on_thread = false;
  // When a thread began stage 1.
  std::chrono::steady_clock::time_point begin{};
  bool begun() const { return begin != std::chrono::steady_clock::time_point(); }
  // The saves that commit leaders wait for: CommitLeader::Admit. Used only by the thread that starts stage 1,
  // then by that of stage 1.
  std::optional<uint64_t> admitted_in;
  // The filesystem whose commit leader may wait for stage 1. The same threads.
  std::optional<platform::FilesystemId> expected_on;
};

using ScheduledSaves = std::vector<std::shared_ptr<ScheduledSave>>;

}  // namespace indelible

#endif  // INDELIBLE_SCHEDULED_SAVE_H_
