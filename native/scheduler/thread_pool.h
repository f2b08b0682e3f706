#ifndef INDELIBLE_THREAD_POOL_H_
#define INDELIBLE_THREAD_POOL_H_

#include <chrono>
#include <cstddef>
#include <list>
#include <vector>

#include "../base/function_ref.h"
#include "../base/unique_function.h"
#include "../platform/mutex.h"

namespace indelible {

// The addon's own threads, so that a slow disk never blocks Node's shared pool. A thread is started when
// there is work and no idle thread, and ends after some idle seconds. All environments of the process share
// the pool, and it is never destroyed.
class ThreadPool {
 public:
  explicit ThreadPool(size_t most_threads) : most_threads_(most_threads) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Runs `*work` on one of the threads, in the order of the calls. False, with `*work` unchanged, if not even
  // one thread can be started.
  [[nodiscard]] bool Post(Task* work) EXCLUDES(mutex_);
  size_t most_threads() const { return most_threads_; }

 private:
  // An idle thread, which waits for work.
  struct Idle {
    ConditionVariable arrived;
    Task work;
  };

  void Work() EXCLUDES(mutex_);
  Task NextWork() REQUIRES(mutex_);

  const size_t most_threads_;
  Mutex mutex_;
  std::list<Task> waiting_ GUARDED_BY(mutex_);
  size_t threads_ GUARDED_BY(mutex_) = 0;
  // The last one became idle last. It gets the next work: its stack is still in the cache of the processor,
  // and the others may end.
  std::vector<Idle*> idle_ GUARDED_BY(mutex_);
};

// Runs `run` for each index below `count`, on the calling thread and on threads of the pool, and waits for
// all. The calling thread takes part, and waits only for what other threads have begun. So no thread of the
// pool is needed to finish.
void RunInParallel(ThreadPool* pool, size_t count, FunctionRef<void(size_t)> run);

// Runs the tasks on threads of the pool, and waits for them until `deadline`. Those that take longer
// continue.
void RunUntil(ThreadPool* pool, std::vector<Task> tasks, std::chrono::steady_clock::time_point deadline);

}  // namespace indelible

#endif  // INDELIBLE_THREAD_POOL_H_
