#ifndef INDELIBLE_STREAMING_SAVES_H_
#define INDELIBLE_STREAMING_SAVES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "../platform/mutex.h"
#include "scheduler.h"
#include "thread_pool.h"

namespace indelible {

// Streaming saves, from their opening until they are submitted to the scheduler. Each call runs on the
// caller's thread, only for its own system calls: between two chunks a save has a temporary and two
// descriptors, and no thread. The calls for one save come one after another.
class StreamingSaves {
 public:
  StreamingSaves(Scheduler* scheduler, ThreadPool* pool) : scheduler_(scheduler), pool_(pool) {}
  StreamingSaves(const StreamingSaves&) = delete;
  StreamingSaves& operator=(const StreamingSaves&) = delete;

  // See Scheduler::Open.
  SaveJob::Prepared Open(const std::shared_ptr<SaveJob>& job, bool synchronous, PlanRequest* needed)
      EXCLUDES(mutex_);
  Status Append(SaveJob* job, const uint8_t* data, size_t size) EXCLUDES(mutex_);
  // Removes the temporary. Does nothing while another call for the save is running, whose end removes it.
  void Abandon(SaveJob* job) EXCLUDES(mutex_);

  // At process exit, after the scheduler has shut down: removes the temporary of every save, whether it was
  // still streaming or was submitted and never started. Waits for a filesystem until `deadline`.
  void ShutDown(std::chrono::steady_clock::time_point deadline) EXCLUDES(mutex_);

 private:
  bool Begin(SaveJob* job) EXCLUDES(mutex_);
  void End() EXCLUDES(mutex_);

  Scheduler* const scheduler_;
  ThreadPool* const pool_;
  Mutex mutex_;
  // Signalled when no call is running.
  ConditionVariable idle_;
  size_t busy_ GUARDED_BY(mutex_) = 0;
  std::list<std::weak_ptr<SaveJob>> jobs_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_STREAMING_SAVES_H_
