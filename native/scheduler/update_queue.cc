#include "update_queue.h"

#include <algorithm>
#include <utility>

namespace indelible {

namespace {

// A running update has up to four descriptors, and a process commonly has 1024.
constexpr size_t kMostUnderWay = 64;

}  // namespace

bool UpdateQueue::Join(uint64_t ticket, const std::string& path, Task granted) {
  MutexLock lock(mutex_);
  updates_.try_emplace(ticket,
                       Update{path, std::this_thread::get_id(), std::move(granted), false, Clock::now()});
  PathQueue& queue = paths_[path];
  queue.tickets.push_back(ticket);
  std::vector<Task> now;
  if (queue.tickets.size() == 1) RequestSlot(ticket, &now);
  return !now.empty();
}

bool UpdateQueue::Leave(uint64_t ticket) {
  std::vector<Task> now;
  {
    MutexLock lock(mutex_);
    const auto found = updates_.find(ticket);
    if (found == updates_.end()) return false;
    const Update left = std::move(found->second);
    updates_.erase(found);
    const auto path = paths_.find(left.path);
    std::deque<uint64_t>& tickets = path->second.tickets;
    const bool was_first = tickets.front() == ticket;
    tickets.erase(std::find(tickets.begin(), tickets.end(), ticket));
    if (left.under_way) {
      --under_way_;
      slot_freed_ = Clock::now();
    } else if (was_first) {
      waiting_.erase(std::find(waiting_.begin(), waiting_.end(), ticket));
    }
    if (tickets.empty()) {
      paths_.erase(path);
    } else if (was_first) {
      path->second.last_left = Clock::now();
      RequestSlot(tickets.front(), &now);
    }
    if (left.under_way && !waiting_.empty()) {
      const uint64_t next = waiting_.front();
      waiting_.pop_front();
      GrantSlot(next, &now);
    }
  }
  for (const Task& task : now) task();
  return true;
}

bool UpdateQueue::Idle(uint64_t ticket, std::chrono::milliseconds* idle) {
  MutexLock lock(mutex_);
  const auto found = updates_.find(ticket);
  if (found == updates_.end()) return false;
  const Update& update = found->second;
  const PathQueue& queue = paths_.find(update.path)->second;
  const bool is_first = queue.tickets.front() == ticket;
  const Clock::time_point since = std::max(update.since, is_first ? slot_freed_ : queue.last_left);
  *idle = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - since);
  return true;
}

bool UpdateQueue::HasOwn(const std::string& path) {
  MutexLock lock(mutex_);
  const auto found = paths_.find(path);
  if (found == paths_.end()) return false;
  const std::deque<uint64_t>& tickets = found->second.tickets;
  return std::any_of(tickets.begin(), tickets.end(), [&](uint64_t ticket) REQUIRES(mutex_) {
    return updates_.find(ticket)->second.thread == std::this_thread::get_id();
  });
}

void UpdateQueue::RequestSlot(uint64_t ticket, std::vector<Task>* granted) {
  if (under_way_ < kMostUnderWay && waiting_.empty()) {
    GrantSlot(ticket, granted);
    return;
  }
  updates_.find(ticket)->second.since = Clock::now();
  waiting_.push_back(ticket);
}

void UpdateQueue::GrantSlot(uint64_t ticket, std::vector<Task>* granted) {
  Update& update = updates_.find(ticket)->second;
  update.under_way = true;
  ++under_way_;
  granted->push_back(std::move(update.granted));
}

}  // namespace indelible
