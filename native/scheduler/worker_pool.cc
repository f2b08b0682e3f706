#include "worker_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "../platform/platform.h"

namespace indelible {

namespace {

// Long enough to bridge the pauses of a busy program, short enough to leave an idle one alone.
constexpr std::chrono::seconds kIdleTime(5);

}  // namespace

bool WorkerPool::Post(Task* work) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!idle_.empty()) {
    Idle* const latest = idle_.back();
    idle_.pop_back();
    latest->work = std::move(*work);
    latest->arrived.notify_one();
    return true;
  }
  waiting_.push_back(std::move(*work));
  if (threads_ < most_threads_ && platform::StartThread([this] { Work(); })) {
    ++threads_;
    return true;
  }
  if (threads_ > 0) return true;
  *work = std::move(waiting_.back());
  waiting_.pop_back();
  return false;
}

void WorkerPool::Work() {
  platform::BlockSignals();
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    Task work = NextWork(&lock);
    if (!work) break;
    lock.unlock();
    work();
    work = Task();
    lock.lock();
  }
  --threads_;
}

// Nothing once the thread has been idle long enough.
Task WorkerPool::NextWork(std::unique_lock<std::mutex>* lock) {
  if (!waiting_.empty()) {
    Task work = std::move(waiting_.front());
    waiting_.pop_front();
    return work;
  }
  Idle self;
  idle_.push_back(&self);
  if (!self.arrived.wait_for(*lock, kIdleTime, [&self] { return static_cast<bool>(self.work); })) {
    idle_.erase(std::find(idle_.begin(), idle_.end(), &self));
  }
  return std::move(self.work);
}

}  // namespace indelible
