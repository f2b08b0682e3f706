#include "update_queue.h"

#include <algorithm>
#include <utility>

#include "../base/parent_path.h"

namespace indelible {

namespace {

// A running update has up to four descriptors, and a process commonly has 1024. A server that holds up all
// updates of its directories leaves slots to the others.
constexpr size_t kMostUnderWay = 192;
constexpr size_t kMostInDirectory = 64;

}  // namespace

bool UpdateQueue::Join(uint64_t ticket, const std::string& path, Task granted) {
  MutexLock lock(mutex_);
  PathQueue& queue = paths_[path];
  const Clock::time_point joined = Clock::now();
  updates_.try_emplace(
      ticket, Update{path, std::this_thread::get_id(), std::move(granted), joined, queue.Held(joined)});
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
    std::list<uint64_t>& tickets = path->second.tickets;
    const bool was_first = tickets.front() == ticket;
    if (left.under_way) path->second.SetHeld(false);
    tickets.erase(std::find(tickets.begin(), tickets.end(), ticket));
    if (left.under_way) {
      --under_way_;
      const auto directory = directories_.find(std::string(ParentPath(left.path)));
      if (--directory->second.under_way == 0) directories_.erase(directory);
      if (left.has_held) ForgetWaitForSlot();
      // Before the next one of its path, which has waited less long for a slot.
      const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                     [&](uint64_t one) REQUIRES(mutex_) { return HasSlot(one); });
      if (next != waiting_.end()) {
        GrantSlot(*next, &now);
        waiting_.erase(next);
      }
    } else if (was_first) {
      waiting_.erase(std::find(waiting_.begin(), waiting_.end(), ticket));
    }
    if (tickets.empty()) {
      paths_.erase(path);
    } else if (was_first) {
      RequestSlot(tickets.front(), &now);
    }
  }
  for (const Task& task : now) task();
  return true;
}

bool UpdateQueue::Hold(uint64_t ticket, bool holds) {
  MutexLock lock(mutex_);
  const auto found = updates_.find(ticket);
  if (found == updates_.end()) return false;
  // Only the update whose turn it is can hold the lock.
  if (!found->second.under_way) return true;
  found->second.has_held = found->second.has_held || holds;
  paths_.find(found->second.path)->second.SetHeld(holds);
  return true;
}

bool UpdateQueue::Waited(uint64_t ticket, std::chrono::milliseconds* waited) {
  MutexLock lock(mutex_);
  const auto found = updates_.find(ticket);
  if (found == updates_.end()) return false;
  const Update& update = found->second;
  // Negative while the update that held the lock when this one joined still holds it.
  const Clock::duration held =
      std::max(paths_.find(update.path)->second.held - update.held_before, Clock::duration(0));
  *waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - update.joined - held -
                                                                  update.not_counted);
  return true;
}

void UpdateQueue::PathQueue::SetHeld(bool holds) {
  const Clock::time_point now = Clock::now();
  held = Held(now);
  held_since.reset();
  if (holds) held_since = now;
}

// An update that held the lock has left: the process makes progress.
void UpdateQueue::ForgetWaitForSlot() {
  const Clock::time_point now = Clock::now();
  for (const uint64_t ticket : waiting_) {
    Update& update = updates_.find(ticket)->second;
    update.not_counted += now - update.waits_for_slot_since;
    update.waits_for_slot_since = now;
  }
}

bool UpdateQueue::HasOwn(const std::string& path) {
  MutexLock lock(mutex_);
  const auto found = paths_.find(path);
  if (found == paths_.end()) return false;
  const std::list<uint64_t>& tickets = found->second.tickets;
  return std::any_of(tickets.begin(), tickets.end(), [&](uint64_t ticket) REQUIRES(mutex_) {
    return updates_.find(ticket)->second.thread == std::this_thread::get_id();
  });
}

void UpdateQueue::RequestSlot(uint64_t ticket, std::vector<Task>* granted) {
  if (HasSlot(ticket)) {
    GrantSlot(ticket, granted);
    return;
  }
  updates_.find(ticket)->second.waits_for_slot_since = Clock::now();
  waiting_.push_back(ticket);
}

// Whether there is one for this update.
bool UpdateQueue::HasSlot(uint64_t ticket) {
  if (under_way_ >= kMostUnderWay) return false;
  const auto found = directories_.find(std::string(ParentPath(updates_.find(ticket)->second.path)));
  return found == directories_.end() || found->second.under_way < kMostInDirectory;
}

void UpdateQueue::GrantSlot(uint64_t ticket, std::vector<Task>* granted) {
  Update& update = updates_.find(ticket)->second;
  update.under_way = true;
  ++under_way_;
  ++directories_[std::string(ParentPath(update.path))].under_way;
  granted->push_back(std::move(update.granted));
}

}  // namespace indelible
