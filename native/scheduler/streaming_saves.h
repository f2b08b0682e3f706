#ifndef INDELIBLE_STREAMING_SAVES_H_
#define INDELIBLE_STREAMING_SAVES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../platform/mutex.h"
#include "scheduler.h"

namespace indelible {

// Saves whose data is streamed, from their opening until they are submitted to the scheduler. Each call runs
// on the caller's thread and holds it only for its own system calls: between two chunks a save has a
// temporary and two descriptors, and no thread. The calls for one save come one after the other.
class StreamingSaves {
 public:
  explicit StreamingSaves(Scheduler* scheduler) : scheduler_(scheduler) {}
  StreamingSaves(const StreamingSaves&) = delete;
  StreamingSaves& operator=(const StreamingSaves&) = delete;

  // As Scheduler::Open.
  SaveJob::Prepared Open(const std::shared_ptr<SaveJob>& job, bool synchronous, PlanRequest* needed)
      EXCLUDES(mutex_);
  Status Append(SaveJob* job, const uint8_t* data, size_t size) EXCLUDES(mutex_);
  // Removes what has been written.
  void Abandon(SaveJob* job) EXCLUDES(mutex_);

  // When the process exits, after the scheduler has shut down: no save's temporary is left behind, whether it
  // was still open or had been submitted and never started.
  void ShutDown() EXCLUDES(mutex_);

 private:
  bool Begin() EXCLUDES(mutex_);
  void End() EXCLUDES(mutex_);

  Scheduler* const scheduler_;
  Mutex mutex_;
  // Signalled when no call is under way.
  ConditionVariable idle_;
  size_t busy_ GUARDED_BY(mutex_) = 0;
  std::vector<std::weak_ptr<SaveJob>> jobs_ GUARDED_BY(mutex_);
};

}  // namespace indelible

#endif  // INDELIBLE_STREAMING_SAVES_H_
