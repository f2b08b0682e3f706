#include "thread_pool.h"

#include <algorithm>
#include <atomic>
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

// The calls of RunInParallel, which several threads share, each taking the next one.
class SharedRuns {
 public:
  SharedRuns(size_t count, FunctionRef<void(size_t)> run) : run_(run), count_(count), unfinished_(count) {}

  void RunRemaining() EXCLUDES(mutex_) {
    // `run_` may not be used before an index is taken: the call of RunInParallel may have ended.
    for (size_t taken = next_++; taken < count_; taken = next_++) {
      run_(taken);
      MutexLock lock(mutex_);
      if (--unfinished_ == 0) finished_.NotifyAll();
    }
  }

  void Wait() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (unfinished_ > 0) finished_.Wait(mutex_);
  }

 private:
  const FunctionRef<void(size_t)> run_;
  const size_t count_;
  std::atomic<size_t> next_{0};
  Mutex mutex_;
  ConditionVariable finished_;
  size_t unfinished_ GUARDED_BY(mutex_);
};

}  // namespace

void RunInParallel(ThreadPool* pool, size_t count, FunctionRef<void(size_t)> run) {
  const auto shared = std::make_shared<SharedRuns>(count, run);
  for (size_t i = 1; i < std::min(count, pool->most_threads()); ++i) {
    Task task = [shared] { shared->RunRemaining(); };
    // If no thread is available, this one does everything.
    if (!pool->Post(&task)) break;
  }
  shared->RunRemaining();
  shared->Wait();
}

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
