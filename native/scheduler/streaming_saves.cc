#include "streaming_saves.h"

#include <errno.h>

#include <algorithm>

namespace indelible {

bool StreamingSaves::Begin() {
  MutexLock lock(mutex_);
  if (SaveJob::AllCancelled()) return false;
  ++busy_;
  return true;
}

void StreamingSaves::End() {
  MutexLock lock(mutex_);
  if (--busy_ == 0) idle_.NotifyAll();
}

SaveJob::Prepared StreamingSaves::Open(const std::shared_ptr<SaveJob>& job, bool synchronous,
                                       PlanRequest* needed) {
  // The process exits, and the outcome is not reported.
  if (!Begin()) return SaveJob::Prepared::kFailed;
  {
    MutexLock lock(mutex_);
    jobs_.erase(std::remove_if(jobs_.begin(), jobs_.end(), [](const auto& old) { return old.expired(); }),
                jobs_.end());
    jobs_.push_back(job);
  }
  const SaveJob::Prepared prepared = scheduler_->Open(job.get(), synchronous, needed);
  End();
  return prepared;
}

Status StreamingSaves::Append(SaveJob* job, const uint8_t* data, size_t size) {
  if (!Begin()) return Status::Failed(Status::Reason::kCancelled, "write", ECANCELED);
  Status status = job->Append(data, size);
  End();
  return status;
}

void StreamingSaves::Abandon(SaveJob* job) {
  if (!Begin()) return;
  job->Finish(&scheduler_->unsynced_directories());
  End();
}

void StreamingSaves::ShutDown() {
  SaveJob::CancelAll();
  MutexLock lock(mutex_);
  while (busy_ > 0) idle_.Wait(mutex_);
  for (const std::weak_ptr<SaveJob>& one : jobs_) {
    if (const std::shared_ptr<SaveJob> job = one.lock()) job->Finish(&scheduler_->unsynced_directories());
  }
  jobs_.clear();
}

}  // namespace indelible
