#ifndef INDELIBLE_WORKERS_H_
#define INDELIBLE_WORKERS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "../base/function_ref.h"
#include "scheduled_save.h"

namespace indelible {

// The threads that run stage 1 of saves that have a slot. They mostly compute, and in one directory they wait
// for its lock, so more of them than processors only cost time. One that waits for a disk or a server, or
// takes long for another reason, does not count, and another one takes its place. The scheduler's mutex
// guards it.
class Workers {
 public:
  using Clock = std::chrono::steady_clock;

  enum class State : uint8_t { kFresh, kBusy, kWaits, kSlow };
  // A thread that takes one save after another.
  struct Worker {
    State state = State::kFresh;
    Clock::time_point busy_since{};
  };

  // A worker that takes longer for a save counts as one that waits.
  static constexpr std::chrono::milliseconds kSlow{2};

  Workers();

  void Enqueue(std::shared_ptr<ScheduledSave> save) { waiting_.push_back(std::move(save)); }
  // Whether no save waits for a worker.
  bool empty() const { return waiting_.empty(); }
  // A worker to be started, which ends with Next or Remove. Null if there are enough.
  Worker* Add();
  // The next save of the worker. Null: the worker is removed.
  std::shared_ptr<ScheduledSave> Next(Worker* worker);
  void Remove(Worker* worker);
  // The worker is going to wait. It does not count until its next save.
  void Waits(Worker* worker);
  // Finds the workers that take long. True if another one is to be started in place of one of them.
  bool FindSlow();
  // Whether a worker has no thread yet.
  bool HasFresh() const { return Count(State::kFresh) > 0; }
  // All saves that wait.
  ScheduledSaves TakeAll();
  // Adds the saves to `*taken` that wait, were never begun and fulfil the condition. They wait no longer.
  void TakeBack(FunctionRef<bool(const ScheduledSave&)> condition, ScheduledSaves* taken);

 private:
  size_t Count(State state) const { return counts_[static_cast<size_t>(state)]; }
  void Change(Worker* worker, State state);
  bool MayAdd() const;

  const size_t limit_;
  std::list<std::shared_ptr<ScheduledSave>> waiting_;
  std::list<Worker> workers_;
  // The number of workers in each state.
  std::array<size_t, 4> counts_{};
};

}  // namespace indelible

#endif  // INDELIBLE_WORKERS_H_
