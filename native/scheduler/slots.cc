#include "slots.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

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

// The text up to the last slash.
std::string_view ParentOf(const std::string& path) {
  return std::string_view(path).substr(0, path.rfind('/') + 1);
}

}  // namespace

Slots::Slots() : classes_{SlotGroup(kSmallSlots), SlotGroup(kLargeSlots), SlotGroup(InMemorySlots())} {}

const Slots::Known* Slots::Find(const std::string& path) const {
  const auto found = directories_.find(ParentOf(path));
  return found == directories_.end() ? nullptr : &found->second;
}

SlotClass Slots::ClassOf(const SaveJob& job) const {
  if (job.size() > kLarge) return SlotClass::kLarge;
  return IsInMemory(job.request().path) ? SlotClass::kInMemory : SlotClass::kSmall;
}

Slots::Place Slots::PlaceOf(const ScheduledSave& save) const {
  const std::string& path = save.job->request().path;
  const Known* const known = Find(path);
  if (known != nullptr) return Place{save.slot_class, known->filesystem, std::string()};
  return Place{save.slot_class, platform::FilesystemId(), std::string(ParentOf(path))};
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
  directories_[std::string(ParentOf(path))] = Known{filesystem, in_memory};
}

bool Slots::IsHeldUp(const SlotGroup* group) const {
  return std::none_of(classes_.begin(), classes_.end(), [&](const SlotGroup& one) { return &one == group; });
}

void Slots::Enqueue(std::shared_ptr<ScheduledSave> save) {
  save->slot_class = ClassOf(*save->job);
  SlotGroup* group = &Of(save->slot_class);
  if (!held_up_.empty()) {
    const auto found = held_up_.find(PlaceOf(*save));
    if (found != held_up_.end()) group = &found->second;
  }
  WaitIn(group, std::move(save));
}

void Slots::WaitIn(SlotGroup* group, std::shared_ptr<ScheduledSave> save) {
  ScheduledSave* const added = save.get();
  added->slots = group;
  added->waits_at = group->waiting.insert(group->waiting.end(), std::move(save));
}

std::shared_ptr<ScheduledSave> Slots::Take() {
  for (SlotGroup& group : classes_) {
    if (group.taken < group.limit && !group.waiting.empty()) return TakeFirst(&group);
  }
  for (auto& [place, group] : held_up_) {
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
  if (group->waiting.empty() || IsHeldUp(group)) return nullptr;
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

// A place where no save is left counts as one that answers.
void Slots::RemoveIfIdle(const SlotGroup* group) {
  if (group->taken > 0 || !group->waiting.empty() || !IsHeldUp(group)) return;
  for (auto entry = held_up_.begin(); entry != held_up_.end(); ++entry) {
    if (&entry->second != group) continue;
    held_up_.erase(entry);
    return;
  }
}

bool Slots::LeaveThread(ScheduledSave* save) {
  if (!std::exchange(save->on_thread, false)) return false;
  --save->slots->on_threads;
  return !save->slots->waiting.empty() && IsHeldUp(save->slots);
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
    if (!save->begun() || save->begin > now - ThreadPool::kHeldUp || IsHeldUp(save->slots)) continue;
    found = true;
    SlotGroup* const before = save->slots;
    const Place place = PlaceOf(*save);
    const auto [entry, created] = held_up_.try_emplace(place, before->limit);
    SlotGroup* const group = &entry->second;
    MoveTo(group, save);
    if (!created) continue;
    // So do those that have not begun.
    const auto is_there = [&](const ScheduledSave& one) {
      const Place its_place = PlaceOf(one);
      return one.slots == before && !(its_place < place) && !(place < its_place);
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
