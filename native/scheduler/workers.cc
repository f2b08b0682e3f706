#include "workers.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

namespace indelible {

// 64 durable saves at once on two processors, a disk with a 5 ms flush, microseconds a save on ext4 and XFS:
// 2 threads 475 and 517, 3 threads 575 and 573, 8 threads 656 and 544.
Workers::Workers() : limit_(std::max(2U, std::thread::hardware_concurrency())) {}

void Workers::Change(Worker* worker, State state) {
  --counts_[static_cast<size_t>(worker->state)];
  worker->state = state;
  ++counts_[static_cast<size_t>(state)];
}

// As many may be busy as are held up, so that their number doubles while all are.
bool Workers::MayAdd() const {
  return Count(State::kFresh) + Count(State::kBusy) < std::max(limit_, Count(State::kSlow));
}

Workers::Worker* Workers::Add() {
  if (!MayAdd() || waiting_.size() <= Count(State::kFresh)) return nullptr;
  ++counts_[static_cast<size_t>(State::kFresh)];
  return &workers_.emplace_back();
}

std::shared_ptr<ScheduledSave> Workers::Next(Worker* worker) {
  const bool counts = worker->state == State::kFresh || worker->state == State::kBusy;
  if (waiting_.empty() || (!counts && !MayAdd())) {
    Remove(worker);
    return nullptr;
  }
  Change(worker, State::kBusy);
  worker->busy_since = Clock::now();
  std::shared_ptr<ScheduledSave> save = std::move(waiting_.front());
  waiting_.pop_front();
  save->begin = worker->busy_since;
  return save;
}

void Workers::Remove(Worker* worker) {
  --counts_[static_cast<size_t>(worker->state)];
  workers_.remove_if([worker](const Worker& one) { return &one == worker; });
}

void Workers::Waits(Worker* worker) { Change(worker, State::kWaits); }

bool Workers::FindSlow() {
  const Clock::time_point since = Clock::now() - kSlow;
  for (Worker& worker : workers_) {
    if (worker.state == State::kBusy && worker.busy_since < since) Change(&worker, State::kSlow);
  }
  return MayAdd() && !waiting_.empty();
}

ScheduledSaves Workers::TakeAll() {
  ScheduledSaves all(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
  waiting_.clear();
  return all;
}

void Workers::TakeBack(FunctionRef<bool(const ScheduledSave&)> condition, ScheduledSaves* taken) {
  waiting_.remove_if([&](const std::shared_ptr<ScheduledSave>& save) {
    if (save->begun() || !condition(*save)) return false;
    taken->push_back(save);
    return true;
  });
}

}  // namespace indelible
