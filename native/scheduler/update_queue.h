#ifndef INDELIBLE_UPDATE_QUEUE_H_
#define INDELIBLE_UPDATE_QUEUE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "../base/unique_function.h"
#include "../platform/mutex.h"

namespace indelible {

// Orders the updates of one path by their calls, for all threads of the process. Other processes are excluded
// by the lock on the directory, which an update acquires when its turn comes.
class UpdateQueue {
 public:
  UpdateQueue() = default;
  UpdateQueue(const UpdateQueue&) = delete;
  UpdateQueue& operator=(const UpdateQueue&) = delete;

  // True: it is the update's turn, because every earlier update of the path has left, and few enough are
  // running in its directory and in all. Otherwise `granted` is called once when the turn comes, on the
  // thread of a Leave. The ticket must not have joined before.
  [[nodiscard]] bool Join(uint64_t ticket, const std::string& path, Task granted) EXCLUDES(mutex_);
  // Removes the update, which has its turn or still waits. False if the ticket has not joined.
  bool Leave(uint64_t ticket) EXCLUDES(mutex_);
  // Whether the update, which has its turn, holds the lock on the directory. False if the ticket has not
  // joined.
  [[nodiscard]] bool Hold(uint64_t ticket, bool holds) EXCLUDES(mutex_);
  // How long the update has waited since it joined. Not counted: the time in which updates of its path in
  // this process held the lock, once they have ended, and the time for which it waited for a slot until one
  // of the running updates that held the lock left. False if the ticket has not joined.
  [[nodiscard]] bool Waited(uint64_t ticket, std::chrono::milliseconds* waited) EXCLUDES(mutex_);
  // Whether the calling thread has an update of the path.
  bool HasOwn(const std::string& path) EXCLUDES(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  struct Update {
    std::string path;
    std::thread::id thread;
    Task granted;
    Clock::time_point joined;
    // PathQueue::Held at that time.
    Clock::duration held_before{0};
    bool under_way = false;
    bool has_held = false;
    Clock::time_point waits_for_slot_since{};
    Clock::duration not_counted{0};
  };
  struct PathQueue {
    std::list<uint64_t> tickets;
    size_t under_way = 0;
    // The time in which the lock was held by updates that no longer hold it.
    Clock::duration held{0};
    std::optional<Clock::time_point> held_since;

    Clock::duration Held(Clock::time_point now) const {
      return held + (held_since.has_value() ? now - *held_since : Clock::duration(0));
    }
    void SetHeld(bool holds);
  };

  // The update is the first of its path: it gets a slot, or waits for one.
  void RequestSlot(uint64_t ticket, std::vector<Task>* granted) REQUIRES(mutex_);
  bool HasSlot(uint64_t ticket) REQUIRES(mutex_);
  void ForgetWaitForSlot() REQUIRES(mutex_);
  void GrantSlot(uint64_t ticket, std::vector<Task>* granted) REQUIRES(mutex_);

  Mutex mutex_;
  std::map<uint64_t, Update> updates_ GUARDED_BY(mutex_);
  std::map<std::string, PathQueue> paths_ GUARDED_BY(mutex_);
  // Updates that are the first of their paths and wait for a slot.
  std::list<uint64_t> waiting_ GUARDED_BY(mutex_);
  size_t under_way_ GUARDED_BY(mutex_) = 0;
  // By directory. Only `under_way` is used.
  std::map<std::string, PathQueue> directories_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_UPDATE_QUEUE_H_
