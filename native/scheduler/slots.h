#ifndef INDELIBLE_SLOTS_H_
#define INDELIBLE_SLOTS_H_

#include <array>
#include <cstddef>
#include <deque>
#include <memory>

#include "scheduled_save.h"

namespace indelible {

// How many saves of each class may be between their start and their completion, which bounds the open
// descriptors, and the saves that wait for a slot. The scheduler's mutex guards it.
class Slots {
 public:
  Slots();

  // The save waits for a slot of its class.
  void Enqueue(std::shared_ptr<ScheduledSave> save);
  // The next save that has a slot now. Null where no slot is free, or none of the class's saves waits.
  std::shared_ptr<ScheduledSave> Take();
  // The next save of the class, for the slot of one that is completed. Null if none waits.
  std::shared_ptr<ScheduledSave> PassOn(SlotClass slot_class);
  void Release(SlotClass slot_class) { --Of(slot_class).taken; }
  // How many slots of all classes are taken.
  size_t taken() const;

 private:
  struct Class {
    explicit Class(size_t limit) : most(limit) {}
    const size_t most;
    size_t taken = 0;
    std::deque<std::shared_ptr<ScheduledSave>> waiting;
  };
  static std::shared_ptr<ScheduledSave> TakeFirst(Class* slots);
  Class& Of(SlotClass slot_class) { return classes_[static_cast<size_t>(slot_class)]; }

  std::array<Class, 3> classes_;  // By SlotClass.
};

}  // namespace indelible

#endif  // INDELIBLE_SLOTS_H_
