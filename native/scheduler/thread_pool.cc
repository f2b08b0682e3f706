#include "thread_pool.h"

#include <algorithm>
#include <chrono>
#include <memory>
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

namespace {

// The number of tasks that have not ended. It may outlive the thread that waits.
class Countdown {
 public:
  explicit Countdown(size_t count) : count_(count) {}

  void Reduce() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (--count_ == 0) ended_.NotifyAll();
  }

  void WaitUntil(std::chrono::steady_clock::time_point deadline) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (count_ > 0) {
      if (!ended_.WaitUntil(mutex_, deadline)) return;
    }
  }

 private:
  Mutex mutex_;
  ConditionVariable ended_;
  size_t count_ GUARDED_BY(mutex_);
};

}  // namespace

void RunUntil(ThreadPool* pool, std::vector<Task> tasks, std::chrono::steady_clock::time_point deadline) {
  const auto countdown = std::make_shared<Countdown>(tasks.size());
  for (Task& task : tasks) {
    Task run = [countdown, task = std::move(task)]() mutable {
      task();
      // What it owns ends with it.
      task = Task();
      countdown->Reduce();
    };
    if (!pool->Post(&run)) run();
  }
  countdown->WaitUntil(deadline);
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
