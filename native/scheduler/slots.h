#ifndef INDELIBLE_SLOTS_H_
#define INDELIBLE_SLOTS_H_

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>

#include "scheduled_save.h"

namespace indelible {

// Limits the number of saves of each class between start and completion, and with it the open descriptors;
// and the queue of saves that wait for a slot. The scheduler's mutex guards it.
class Slots {
 public:
  Slots();

  // Decides the class of the save and enqueues it for a slot.
  void Enqueue(std::shared_ptr<ScheduledSave> save);
  // The next save that gets a slot now. Null if no class has both a free slot and a waiting save.
  std::shared_ptr<ScheduledSave> Take();
  // The next save of the class, which takes over the slot of a completed one. Null if none waits.
  std::shared_ptr<ScheduledSave> PassOn(SlotClass slot_class);
  void Release(SlotClass slot_class) { --Of(slot_class).taken; }
  // Remembers whether a save to this path was in memory (tmpfs), for the class of later saves to the same
  // directory.
  void Learn(const std::string& path, bool in_memory);
  // Whether the path's directory was in memory the last time.
  bool IsInMemory(const std::string& path) const;
  // Whether the threads that save to memory may soon have nothing to do.
  bool ThreadsNeedMore() const;
  // The number of occupied slots of all classes.
  size_t taken() const;

 private:
  struct Class {
    explicit Class(size_t limit) : limit(limit) {}
    const size_t limit;
    size_t taken = 0;
    std::list<std::shared_ptr<ScheduledSave>> waiting;
  };
  SlotClass ClassOf(const SaveJob& job) const;
  static std::shared_ptr<ScheduledSave> TakeFirst(Class* slots);
  Class& Of(SlotClass slot_class) { return classes_[static_cast<size_t>(slot_class)]; }

  std::array<Class, 3> classes_;  // By SlotClass.
  // Directories on a filesystem in memory, by the path that the caller used. Only a hint about how many
  // threads help: the path may lead to another filesystem by now.
  std::set<std::string, std::less<>> memory_directories_;
};

}  // namespace indelible

#endif  // INDELIBLE_SLOTS_H_
