#ifndef INDELIBLE_WORKER_POOL_H_
#define INDELIBLE_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <vector>

#include "../base/unique_function.h"

namespace indelible {

// The addon's own threads, so that a slow disk never holds up Node's shared pool. Started when there is work
// and nobody idle to do it; gone after some idle seconds. Shared by all environments of the process and never
// destroyed.
class WorkerPool {
 public:
  explicit WorkerPool(size_t most_threads) : most_threads_(most_threads) {}
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs `*work` on one of the threads, first come, first served. False, and `*work` is left to the caller,
  // where not even one thread can be had.
  [[nodiscard]] bool Post(Task* work);
  size_t most_threads() const { return most_threads_; }

 private:
  // A thread without work, which waits to be given some.
  struct Idle {
    std::condition_variable arrived;
    Task work;
  };

  void Work();
  Task NextWork(std::unique_lock<std::mutex>* lock);

  const size_t most_threads_;
  std::mutex mutex_;
  std::list<Task> waiting_;
  size_t threads_ = 0;
  // The latest at the end. It gets the next work: its stack is still in the processor's cache, and the others
  // may go.
  std::vector<Idle*> idle_;
};

}  // namespace indelible

#endif  // INDELIBLE_WORKER_POOL_H_
