#include "slots.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace indelible {

namespace {

// Each save holds two or three descriptors.
constexpr size_t kSmallSlots = 256;
constexpr size_t kLargeSlots = 4;

// Saves to memory wait for nothing but the processor and the directory's lock: more of them at a time only
// wait for each other. 64 at once on two processors: 32 threads 37 us a save, 2 to 4 threads 22 us, 1 thread
// 31 us.
size_t InMemorySlots() { return std::max(2U, std::thread::hardware_concurrency()); }

}  // namespace

Slots::Slots() : classes_{Class(kSmallSlots), Class(kLargeSlots), Class(InMemorySlots())} {}

void Slots::Enqueue(std::shared_ptr<ScheduledSave> save) {
  Class& slots = Of(save->slot_class);
  slots.waiting.push_back(std::move(save));
}

std::shared_ptr<ScheduledSave> Slots::Take() {
  for (Class& slots : classes_) {
    if (slots.taken == slots.most || slots.waiting.empty()) continue;
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
