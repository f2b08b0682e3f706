#include "slots.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "../base/parent_path.h"
#include "thread_pool.h"

namespace indelible {

namespace {

// Larger saves have slots of their own, so that a few of them do not delay the small ones.
constexpr size_t kLarge = size_t{1} << 20;

// Each save holds two or three descriptors.
constexpr size_t kSmallSlots = 256;
constexpr size_t kLargeSlots = 4;

// Saves to memory wait only for the processor and the lock of the directory, so more of them at a time only
// wait for each other. 64 at once on two processors: 32 threads 37 us a save, 2 to 4 threads 22 us, 1 thread
// 31 us.
size_t InMemorySlots() { return std::max(2U, std::thread::hardware_concurrency()); }

// So many saves wait for the threads while JavaScript's thread makes one itself: each thread finds the next
// one when it has ended one.
constexpr size_t kAhead = 4;

// Programs save into a few directories; for a program that walks through thousands the hint is useless.
constexpr size_t kMostDirectories = 256;

}  // namespace

Slots::Slots() {
  Of(SlotClass::kSmall).limit = kSmallSlots;
  Of(SlotClass::kLarge).limit = kLargeSlots;
  Of(SlotClass::kInMemory).limit = InMemorySlots();
}

const Slots::Known* Slots::Find(const std::string& path) const {
  const auto found = directories_.find(ParentPath(path));
  return found == directories_.end() ? nullptr : &found->second;
}

SlotClass Slots::ClassOf(const SaveJob& job) const {
  if (job.size() > kLarge) return SlotClass::kLarge;
  return IsInMemory(job.request().path) ? SlotClass::kInMemory : SlotClass::kSmall;
}

Slots::Resource Slots::ResourceOf(const ScheduledSave& save) const {
  const std::string& path = save.job->request().path;
  const Known* const known = Find(path);
  if (known != nullptr) return Resource{save.slot_class, known->filesystem, std::string()};
  return Resource{save.slot_class, platform::FilesystemId(), std::string(ParentPath(path))};
}

bool Slots::IsInMemory(const std::string& path) const {
  const Known* const known = Find(path);
  return known != nullptr && known->in_memory;
}

bool Slots::ThreadsNeedMore() const {
  return classes_[static_cast<size_t>(SlotClass::kInMemory)].waiting.size() < kAhead;
}

void Slots::Learn(const std::string& path, const platform::FilesystemId& filesystem, bool in_memory) {
  const Known* const known = Find(path);
  if (known != nullptr && known->filesystem == filesystem && known->in_memory == in_memory) return;
  if (directories_.size() >= kMostDirectories) directories_.clear();
  directories_[std::string(ParentPath(path))] = Known{filesystem, in_memory};
}

bool Slots::IsBulkhead(const SlotGroup* group) const {
  return std::none_of(classes_.begin(), classes_.end(), [&](const SlotGroup& one) { return &one == group; });
}

void Slots::Enqueue(const std::shared_ptr<ScheduledSave>& save) {
  save->slot_class = ClassOf(*save->job);
  SlotGroup* const bulkhead = bulkheads_.empty() ? nullptr : FindBulkhead(ResourceOf(*save));
  WaitIn(bulkhead == nullptr ? &Of(save->slot_class) : bulkhead, save);
}

// Null if the resource holds up no save.
SlotGroup* Slots::FindBulkhead(const Resource& resource) {
  for (Bulkhead& one : bulkheads_) {
    if (one.resource == resource) return &one.group;
  }
  return nullptr;
}

void Slots::WaitIn(SlotGroup* group, const std::shared_ptr<ScheduledSave>& save) {
  save->slots = group;
  save->waits_at = group->waiting.insert(group->waiting.end(), save);
}

std::shared_ptr<ScheduledSave> Slots::Take() {
  for (SlotGroup& group : classes_) {
    if (group.taken < group.limit && !group.waiting.empty()) return TakeFirst(&group);
  }
  for (Bulkhead& one : bulkheads_) {
    SlotGroup& group = one.group;
    if (group.taken < group.limit && group.on_threads < ThreadPool::kMostHeldUp && !group.waiting.empty())
      return TakeFirst(&group);
  }
  return nullptr;
}

std::shared_ptr<ScheduledSave> Slots::TakeFirst(SlotGroup* group) {
  std::shared_ptr<ScheduledSave> save = std::move(group->waiting.front());
  group->waiting.pop_front();
  ++group->taken;
  ++group->on_threads;
  save->on_thread = true;
  save->holds_at = holders_.insert(holders_.end(), save.get());
  return save;
}

std::shared_ptr<ScheduledSave> Slots::PassOn(ScheduledSave* completed) {
  SlotGroup* const group = completed->slots;
  if (group->waiting.empty() || IsBulkhead(group)) return nullptr;
  GiveBack(completed);
  return TakeFirst(group);
}

// The slot of the save is free.
void Slots::GiveBack(ScheduledSave* save) {
  static_cast<void>(LeaveThread(save));
  --save->slots->taken;
  holders_.erase(save->holds_at);
}

void Slots::Release(ScheduledSave* save) {
  GiveBack(save);
  RemoveIfIdle(std::exchange(save->slots, nullptr));
}

// A filesystem to which no save is under way counts as one that answers.
void Slots::RemoveIfIdle(const SlotGroup* group) {
  if (group->taken > 0 || !group->waiting.empty() || !IsBulkhead(group)) return;
  bulkheads_.remove_if([group](const Bulkhead& one) { return &one.group == group; });
}

bool Slots::LeaveThread(ScheduledSave* save) {
  if (!std::exchange(save->on_thread, false)) return false;
  --save->slots->on_threads;
  return !save->slots->waiting.empty() && IsBulkhead(save->slots);
}

void Slots::Remove(ScheduledSave* save) {
  SlotGroup* const group = std::exchange(save->slots, nullptr);
  group->waiting.erase(save->waits_at);
  RemoveIfIdle(group);
}

// The save, which has a slot of its class, has one of the group instead.
void Slots::MoveTo(SlotGroup* group, ScheduledSave* save) {
  --save->slots->taken;
  ++group->taken;
  if (save->on_thread) {
    --save->slots->on_threads;
    ++group->on_threads;
  }
  save->slots = group;
}

bool Slots::FindHeldUp(Workers* workers, ScheduledSaves* back) {
  const auto now = Clock::now();
  if (now < looked_ + ThreadPool::kHeldUp / 4) return false;
  looked_ = now;
  bool found = false;
  for (ScheduledSave* const save : holders_) {
    if (!save->begun() || save->begin > now - ThreadPool::kHeldUp || IsBulkhead(save->slots)) continue;
    found = true;
    SlotGroup* const before = save->slots;
    const Resource resource = ResourceOf(*save);
    SlotGroup* group = FindBulkhead(resource);
    if (group != nullptr) {
      MoveTo(group, save);
      continue;
    }
    Bulkhead& bulkhead = bulkheads_.emplace_back();
    bulkhead.resource = resource;
    group = &bulkhead.group;
    group->limit = before->limit;
    MoveTo(group, save);
    // So do those that have not begun.
    const auto is_there = [&](const ScheduledSave& one) {
      return one.slots == before && ResourceOf(one) == resource;
    };
    workers->TakeBack(is_there, back);
    for (const auto& one : *back) {
      if (one->slots != before) continue;
      GiveBack(one.get());
      WaitIn(group, one);
    }
    before->waiting.remove_if([&](const std::shared_ptr<ScheduledSave>& one) {
      if (!is_there(*one)) return false;
      WaitIn(group, one);
      return true;
    });
  }
  return found;
}

bool Slots::HasWaiting() const {
  return std::any_of(classes_.begin(), classes_.end(),
                     [](const SlotGroup& group) { return !group.waiting.empty(); });
}

}  // namespace indelible
