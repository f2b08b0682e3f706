#ifndef INDELIBLE_THREAD_POOL_H_
#define INDELIBLE_THREAD_POOL_H_

#include <cstddef>
#include <list>
#include <vector>

#include "../base/unique_function.h"
#include "../platform/mutex.h"

namespace indelible {

// The addon's own threads, so that a slow disk never holds up Node's shared pool. Started when there is work
// and nobody idle to do it; gone after some idle seconds. Shared by all environments of the process and never
// destroyed.
class ThreadPool {
 public:
  explicit ThreadPool(size_t most_threads) : most_threads_(most_threads) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Runs `*work` on one of the threads, first come, first served. False, and `*work` is left to the caller,
  // where not even one thread can be had.
  [[nodiscard]] bool Post(Task* work) EXCLUDES(mutex_);
  size_t most_threads() const { return most_threads_; }

 private:
  // A thread without work, which waits to be given some.
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
  // The latest at the end. It gets the next work: its stack is still in the processor's cache, and the others
  // may go.
  std::vector<Idle*> idle_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_THREAD_POOL_H_
