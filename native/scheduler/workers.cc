#include "workers.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

namespace indelible {

// MEASURE
Workers::Workers() : limit_(std::max(2U, std::thread::hardware_concurrency())) {}

Workers::Worker* Workers::Add() {
  if (count_ >= limit_ || waiting_.size() <= fresh_) return nullptr;
  ++count_;
  ++fresh_;
  return &workers_.emplace_back();
}

std::shared_ptr<ScheduledSave> Workers::Next(Worker* worker) {
  const bool fresh = worker->busy_since == Clock::time_point();
  if (waiting_.empty() || (!worker->counts && count_ >= limit_)) {
    Remove(worker);
    return nullptr;
  }
  if (!worker->counts) ++count_;
  if (fresh && worker->counts) --fresh_;
  worker->counts = true;
  worker->busy_since = Clock::now();
  std::shared_ptr<ScheduledSave> save = std::move(waiting_.front());
  waiting_.pop_front();
  return save;
}

void Workers::Remove(Worker* worker) {
  Waits(worker);
  workers_.remove_if([worker](const Worker& one) { return &one == worker; });
}

void Workers::Waits(Worker* worker) {
  if (!std::exchange(worker->counts, false)) return;
  --count_;
  if (worker->busy_since == Clock::time_point()) --fresh_;
}

bool Workers::FindSlow() {
  const Clock::time_point since = Clock::now() - kSlow;
  for (Worker& worker : workers_) {
    if (worker.busy_since != Clock::time_point() && worker.busy_since < since) Waits(&worker);
  }
  return count_ < limit_ && !waiting_.empty();
}

ScheduledSaves Workers::TakeAll() {
  ScheduledSaves all(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
  waiting_.clear();
  return all;
}

}  // namespace indelible
