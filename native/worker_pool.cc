#include "worker_pool.h"

#include <chrono>
#include <utility>

#include "platform/platform.h"

namespace indelible {

namespace {

// Long enough to bridge the pauses of a busy program, short enough to leave an idle one alone.
constexpr std::chrono::seconds kIdleTime(5);

}  // namespace

bool WorkerPool::Post(std::function<void()> work) {
  std::lock_guard<std::mutex> lock(mutex_);
  waiting_.push_back(std::move(work));
  if (idle_ >= waiting_.size()) {
    arrived_.notify_one();
    return true;
  }
  if (threads_ < most_threads_ && platform::StartThread([this] { Work(); })) {
    ++threads_;
    return true;
  }
  if (threads_ > 0) {
    arrived_.notify_one();
    return true;
  }
  waiting_.pop_back();
  return false;
}

void WorkerPool::Work() {
  platform::BlockSignals();
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (waiting_.empty()) {
      ++idle_;
      const bool work = arrived_.wait_for(lock, kIdleTime, [this] { return !waiting_.empty(); });
      --idle_;
      if (!work) break;
    }
    std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
  --threads_;
}

}  // namespace indelible
