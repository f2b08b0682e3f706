#ifndef INDELIBLE_THREAD_POOL_H_
#define INDELIBLE_THREAD_POOL_H_

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <vector>

#include "../base/function_ref.h"
#include "../base/unique_function.h"
#include "../platform/mutex.h"

namespace indelible {

// The addon's own threads, so that a slow disk never blocks Node's shared pool. A thread is started when
// there is work and no idle thread, and ends after some idle seconds. All environments of the process share
// the pool, and it is never destroyed.
//
// A thread whose work takes long counts as held up, by a server that does not answer for example, and another
// thread is started instead. While one resource holds up many threads, its other work is held back. So no
// resource takes all threads: the bulkhead pattern.
class ThreadPool {
 public:
  // Work that takes longer is held up.
  static constexpr std::chrono::milliseconds kHeldUp{100};
  // So many threads one resource may hold up before its other work waits.
  static constexpr size_t kMostHeldUp = 16;

  explicit ThreadPool(size_t most_threads) : most_threads_(most_threads) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Runs `*task` on one of the threads, in the order of the calls. False, with `*task` unchanged, if not even
  // one thread can be started. `resource` names what may hold up the work: a directory, or a filesystem. Work
  // without a name is never held back.
  [[nodiscard]] bool Post(Task* task, std::string resource = std::string()) EXCLUDES(mutex_);
  size_t most_threads() const { return most_threads_; }

 private:
  using Clock = std::chrono::steady_clock;

  struct Work {
    Task task;
    std::string resource;
  };
  struct Thread {
    ConditionVariable arrived;
    Work work;
    Clock::time_point since{};
    bool held_up = false;
  };
  // The limit of a resource that holds up threads, and the work that is held back.
  struct Bulkhead {
    std::string resource;
    size_t held_up = 0;
    std::list<Work> waiting;
  };

  bool StartThread(bool watches);
  void RunThread() EXCLUDES(mutex_);
  void Watch() EXCLUDES(mutex_);
  bool Enqueue(Work* work) REQUIRES(mutex_);
  bool HoldBack(Work* work) REQUIRES(mutex_);
  Bulkhead* Find(const std::string& resource) REQUIRES(mutex_);
  bool AddThread() REQUIRES(mutex_);
  void FindHeldUp() REQUIRES(mutex_);
  void EndWork(Thread* self) REQUIRES(mutex_);
  bool NextWork(Thread* self) REQUIRES(mutex_);

  const size_t most_threads_;
  Mutex mutex_;
  std::list<Work> waiting_ GUARDED_BY(mutex_);
  // Those that are not held up, and all.
  size_t threads_ GUARDED_BY(mutex_) = 0;
  size_t all_threads_ GUARDED_BY(mutex_) = 0;
  // The last one became idle last. It gets the next work: its stack is still in the cache of the processor,
  // and the others may end.
  std::list<Thread*> idle_ GUARDED_BY(mutex_);
  std::list<Thread*> busy_ GUARDED_BY(mutex_);
  std::list<Bulkhead> bulkheads_ GUARDED_BY(mutex_);
  // Whether a thread runs Watch. Nothing signals `tick_`.
  bool watched_ GUARDED_BY(mutex_) = false;
  ConditionVariable tick_;
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
