#include "slots.h"

#include <algorithm>
#include <string_view>
#include <thread>
#include <utility>

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
constexpr size_t kMostMemoryDirectories = 256;

// The text up to the last slash.
std::string_view ParentOf(const std::string& path) {
  return std::string_view(path).substr(0, path.rfind('/') + 1);
}

}  // namespace

Slots::Slots() : classes_{Class(kSmallSlots), Class(kLargeSlots), Class(InMemorySlots())} {}

SlotClass Slots::ClassOf(const SaveJob& job) const {
  if (job.size() > kLarge) return SlotClass::kLarge;
  return IsInMemory(job.request().path) ? SlotClass::kInMemory : SlotClass::kSmall;
}

bool Slots::IsInMemory(const std::string& path) const {
  return !memory_directories_.empty() && memory_directories_.count(ParentOf(path)) > 0;
}

bool Slots::ThreadsNeedMore() const {
  return classes_[static_cast<size_t>(SlotClass::kInMemory)].waiting.size() < kAhead;
}

void Slots::Learn(const std::string& path, bool in_memory) {
  if (IsInMemory(path) == in_memory) return;
  if (!in_memory) {
    memory_directories_.erase(memory_directories_.find(ParentOf(path)));
    return;
  }
  if (memory_directories_.size() >= kMostMemoryDirectories) memory_directories_.clear();
  memory_directories_.emplace(ParentOf(path));
}

void Slots::Enqueue(std::shared_ptr<ScheduledSave> save) {
  save->slot_class = ClassOf(*save->job);
  Class& slots = Of(save->slot_class);
  slots.waiting.push_back(std::move(save));
}

std::shared_ptr<ScheduledSave> Slots::Take() {
  for (Class& slots : classes_) {
    if (slots.taken == slots.limit || slots.waiting.empty()) continue;
    ++slots.taken;
    return TakeFirst(&slots);
  }
  return nullptr;
}

std::shared_ptr<ScheduledSave> Slots::PassOn(SlotClass slot_class) {
  Class& slots = Of(slot_class);
  return slots.waiting.empty() ? nullptr : TakeFirst(&slots);
}

std::shared_ptr<ScheduledSave> Slots::TakeFirst(Class* slots) {
  std::shared_ptr<ScheduledSave> save = std::move(slots->waiting.front());
  slots->waiting.pop_front();
  return save;
}

size_t Slots::taken() const {
  size_t taken = 0;
  for (const Class& slots : classes_) taken += slots.taken;
  return taken;
}

}  // namespace indelible
