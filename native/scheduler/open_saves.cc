#include "open_saves.h"

#include <errno.h>

#include <algorithm>

namespace indelible {

bool OpenSaves::Begin() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (SaveJob::AllCancelled()) return false;
  ++busy_;
  return true;
}

void OpenSaves::End() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (--busy_ == 0) idle_.notify_all();
}

SaveJob::Prepared OpenSaves::Open(const std::shared_ptr<SaveJob>& job) {
  // The process exits, and nobody hears of the outcome.
  if (!Begin()) return SaveJob::Prepared::kFailed;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    jobs_.erase(std::remove_if(jobs_.begin(), jobs_.end(), [](const auto& old) { return old.expired(); }),
                jobs_.end());
    jobs_.push_back(job);
  }
  const SaveJob::Prepared prepared = engine_->Open(job.get());
  End();
  return prepared;
}

Status OpenSaves::Append(SaveJob* job, const uint8_t* data, size_t size) {
  if (!Begin()) return Status::Failed(Status::Reason::kCancelled, "write", ECANCELED);
  Status status = job->Append(data, size);
  End();
  return status;
}

void OpenSaves::Abandon(SaveJob* job) {
  if (!Begin()) return;
  engine_->Abandon(job);
  End();
}

void OpenSaves::ShutDown() {
  SaveJob::CancelAll();
  std::unique_lock<std::mutex> lock(mutex_);
  idle_.wait(lock, [this] { return busy_ == 0; });
  for (const std::weak_ptr<SaveJob>& one : jobs_) {
    if (const std::shared_ptr<SaveJob> job = one.lock()) engine_->Abandon(job.get());
  }
  jobs_.clear();
}

}  // namespace indelible
