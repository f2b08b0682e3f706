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

// With those that are held up. Each has a stack.
constexpr size_t kMostWithHeldUp = 512;

}  // namespace

bool ThreadPool::Post(Task* task, std::string resource) {
  Work work{std::move(*task), std::move(resource)};
  MutexLock lock(mutex_);
  if (HoldBack(&work) || Enqueue(&work)) return true;
  *task = std::move(work.task);
  return false;
}

// False, with `*work` unchanged, if there is no thread.
bool ThreadPool::Enqueue(Work* work) {
  if (!idle_.empty()) {
    Thread* const latest = idle_.back();
    idle_.pop_back();
    latest->work = std::move(*work);
    latest->arrived.NotifyOne();
    return true;
  }
  waiting_.push_back(std::move(*work));
  if (AddThread()) return true;
  if (all_threads_ > 0) {
    if (!watched_) watched_ = StartThread(true);
    return true;
  }
  *work = std::move(waiting_.back());
  waiting_.pop_back();
  return false;
}

bool ThreadPool::StartThread(bool watches) {
  return platform::StartThread([this, watches] {
    platform::BlockSignals();
    if (watches) return Watch();
    RunThread();
  });
}

bool ThreadPool::AddThread() {
  if (threads_ >= most_threads_ || all_threads_ >= kMostWithHeldUp) return false;
  if (!StartThread(false)) return false;
  ++threads_;
  ++all_threads_;
  return true;
}

// True if the work waits until a thread that its resource holds up continues.
bool ThreadPool::HoldBack(Work* work) {
  Bulkhead* const bulkhead = Find(work->resource);
  if (bulkhead == nullptr || bulkhead->held_up < kMostHeldUp) return false;
  bulkhead->waiting.push_back(std::move(*work));
  return true;
}

// Null if the resource holds up no thread.
ThreadPool::Bulkhead* ThreadPool::Find(const std::string& resource) {
  for (Bulkhead& bulkhead : bulkheads_) {
    if (bulkhead.resource == resource) return &bulkhead;
  }
  return nullptr;
}

// While work waits and every thread is busy.
void ThreadPool::Watch() {
  MutexLock lock(mutex_);
  while (!waiting_.empty()) {
    tick_.WaitFor(mutex_, kHeldUp / 4);
    FindHeldUp();
    for (size_t left = waiting_.size(); left > 0 && AddThread(); --left) {
    }
  }
  watched_ = false;
}

void ThreadPool::FindHeldUp() {
  const Clock::time_point since = Clock::now() - kHeldUp;
  for (Thread* const thread : busy_) {
    if (thread->held_up || thread->since > since) continue;
    thread->held_up = true;
    --threads_;
    const std::string& resource = thread->work.resource;
    if (resource.empty()) continue;
    Bulkhead* bulkhead = Find(resource);
    if (bulkhead == nullptr) {
      bulkhead = &bulkheads_.emplace_back();
      bulkhead->resource = resource;
    }
    ++bulkhead->held_up;
  }
}

void ThreadPool::EndWork(Thread* self) {
  busy_.remove(self);
  if (!std::exchange(self->held_up, false)) return;
  ++threads_;
  Bulkhead* const bulkhead = Find(self->work.resource);
  if (bulkhead == nullptr) return;
  // Where none is held up any more, all may continue.
  const bool answers = --bulkhead->held_up == 0;
  for (size_t left = answers ? bulkhead->waiting.size() : 1; left > 0 && !bulkhead->waiting.empty(); --left) {
    Work next = std::move(bulkhead->waiting.front());
    bulkhead->waiting.pop_front();
    // It does not fail: this thread remains.
    static_cast<void>(Enqueue(&next));
  }
  if (answers) bulkheads_.remove_if([bulkhead](const Bulkhead& one) { return &one == bulkhead; });
}

void ThreadPool::RunThread() {
  Thread self;
  mutex_.Lock();
  while (NextWork(&self)) {
    mutex_.Unlock();
    self.work.task();
    self.work.task = Task();
    mutex_.Lock();
    EndWork(&self);
  }
  --threads_;
  --all_threads_;
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

// False when the thread has been idle for long enough, or there are more than enough.
bool ThreadPool::NextWork(Thread* self) {
  self->work = Work();
  while (!waiting_.empty() && threads_ <= most_threads_ && !self->work.task) {
    Work next = std::move(waiting_.front());
    waiting_.pop_front();
    if (!HoldBack(&next)) self->work = std::move(next);
  }
  if (!self->work.task) {
    if (threads_ > most_threads_) return false;
    idle_.push_back(self);
    const auto end = Clock::now() + kIdleTime;
    while (!self->work.task) {
      if (self->arrived.WaitUntil(mutex_, end) || self->work.task) continue;
      idle_.remove(self);
      return false;
    }
  }
  self->since = Clock::now();
  busy_.push_back(self);
  return true;
}

}  // namespace indelible
