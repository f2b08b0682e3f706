#ifndef INDELIBLE_UPDATE_QUEUE_H_
#define INDELIBLE_UPDATE_QUEUE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "../base/unique_function.h"
#include "../platform/mutex.h"

namespace indelible {

// Gives the updates of one path their turns in the order of the calls, for all threads of the process. Other
// processes are kept out by the lock on the directory, which an update asks for when its turn has come.
class UpdateQueue {
 public:
  UpdateQueue() = default;
  UpdateQueue(const UpdateQueue&) = delete;
  UpdateQueue& operator=(const UpdateQueue&) = delete;

  // True: it is the update's turn, since every earlier update of the path has left and fewer than 64 are
  // under way. Otherwise `granted` runs once when it is, on the thread of a Dequeue. The ticket has not
  // joined before.
  [[nodiscard]] bool Join(uint64_t ticket, const std::string& path, Task granted) EXCLUDES(mutex_);
  // Whether it has its turn or still waits. False if the ticket has not joined.
  bool Dequeue(uint64_t ticket) EXCLUDES(mutex_);
  // For how long nothing ahead of the ticket has left. False if the ticket has not joined.
  [[nodiscard]] bool Idle(uint64_t ticket, std::chrono::milliseconds* idle) EXCLUDES(mutex_);
  // Whether the calling thread has an update of the path.
  bool HasOwn(const std::string& path) EXCLUDES(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  struct Update {
    std::string path;
    std::thread::id thread;
    Task granted;
    bool under_way = false;
    Clock::time_point since;
  };
  struct PathQueue {
    std::deque<uint64_t> tickets;
    Clock::time_point moved;
  };

  // The first of its path: it gets a slot, or waits for one.
  void Promote(uint64_t ticket, std::vector<Task>* granted) REQUIRES(mutex_);
  void GiveSlot(uint64_t ticket, std::vector<Task>* granted) REQUIRES(mutex_);

  Mutex mutex_;
  std::map<uint64_t, Update> updates_ GUARDED_BY(mutex_);
  std::map<std::string, PathQueue> paths_ GUARDED_BY(mutex_);
  // The first of their paths, which wait for a slot.
  std::deque<uint64_t> waiting_ GUARDED_BY(mutex_);
  size_t under_way_ GUARDED_BY(mutex_) = 0;
  // When a slot was last given back.
  Clock::time_point moved_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_UPDATE_QUEUE_H_
