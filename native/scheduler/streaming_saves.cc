#include "streaming_saves.h"

#include <errno.h>

#include <utility>
#include <vector>

namespace indelible {

bool StreamingSaves::Begin(SaveJob* job) {
  MutexLock lock(mutex_);
  if (SaveJob::AllCancelled() || !job->Take()) return false;
  ++busy_;
  return true;
}

void StreamingSaves::End() {
  MutexLock lock(mutex_);
  if (--busy_ == 0) idle_.NotifyAll();
}

SaveJob::Prepared StreamingSaves::Open(const std::shared_ptr<SaveJob>& job, bool synchronous,
                                       PlanRequest* needed) {
  // The process exits, or the environment ends, and the outcome is not reported.
  if (!Begin(job.get())) return SaveJob::Prepared::kFailed;
  {
    MutexLock lock(mutex_);
    jobs_.remove_if([](const auto& old) { return old.expired(); });
    jobs_.push_back(job);
  }
  const SaveJob::Prepared prepared = scheduler_->Open(job.get(), synchronous, needed);
  job->Return();
  End();
  return prepared;
}

Status StreamingSaves::Append(SaveJob* job, const uint8_t* data, size_t size) {
  if (!Begin(job)) return Status::Failed(Status::Reason::kCancelled, "write", ECANCELED);
  Status status = job->Append(data, size);
  job->Return();
  End();
  return status;
}

void StreamingSaves::Abandon(SaveJob* job) {
  if (!Begin(job)) return;
  job->Finish(&scheduler_->unsynced_directories());
  End();
}

void StreamingSaves::ShutDown(std::chrono::steady_clock::time_point deadline) {
  SaveJob::CancelAll();
  std::vector<Task> discards;
  {
    MutexLock lock(mutex_);
    while (busy_ > 0) {
      if (!idle_.WaitUntil(mutex_, deadline)) break;
    }
    for (const std::weak_ptr<SaveJob>& one : jobs_) {
      const std::shared_ptr<SaveJob> job = one.lock();
      // A save whose thread hangs stays as it is.
      if (job == nullptr || !job->Take()) continue;
      discards.push_back([this, job] { job->Finish(&scheduler_->unsynced_directories()); });
    }
    jobs_.clear();
  }
  RunUntil(pool_, std::move(discards), deadline);
}

}  // namespace indelible
