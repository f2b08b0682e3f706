#include "thread_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "../platform/platform.h"

namespace indelible {

namespace {

// Longer than the pauses of a busy program, and short enough to free the threads of an idle one.
constexpr std::chrono::seconds kIdleTime(5);

}  // namespace

bool ThreadPool::Post(Task* work) {
  MutexLock lock(mutex_);
  if (!idle_.empty()) {
    Idle* const latest = idle_.back();
    idle_.pop_back();
    latest->work = std::move(*work);
    latest->arrived.NotifyOne();
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

void ThreadPool::Work() {
  platform::BlockSignals();
  mutex_.Lock();
  for (Task work = NextWork(); work; work = NextWork()) {
    mutex_.Unlock();
    work();
    work = Task();
    mutex_.Lock();
  }
  --threads_;
  mutex_.Unlock();
}

// Empty when the thread has been idle for long enough.
Task ThreadPool::NextWork() {
  if (!waiting_.empty()) {
    Task work = std::move(waiting_.front());
    waiting_.pop_front();
    return work;
  }
  Idle self;
  idle_.push_back(&self);
  const auto end = std::chrono::steady_clock::now() + kIdleTime;
  while (!self.work) {
    if (self.arrived.WaitUntil(mutex_, end) || self.work) continue;
    idle_.erase(std::find(idle_.begin(), idle_.end(), &self));
    break;
  }
  return std::move(self.work);
}

}  // namespace indelible
