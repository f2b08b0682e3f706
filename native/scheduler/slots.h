#ifndef INDELIBLE_SLOTS_H_
#define INDELIBLE_SLOTS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "scheduled_save.h"
#include "workers.h"

namespace indelible {

// Limits the number of saves of each class between start and completion, and with it the open descriptors;
// and the queue of saves that wait for a slot. The scheduler's mutex guards it.
//
// A filesystem (or, if that is not known, a directory) that holds up a save gets slots of its own for each
// class, until its last save has ended. Saves to other filesystems do not wait for them: the bulkhead
// pattern.
class Slots {
 public:
  Slots();

  // Decides the class of the save and enqueues it for a slot.
  void Enqueue(const std::shared_ptr<ScheduledSave>& save);
  // The next save that gets a slot now. Null if no class has both a free slot and a waiting save.
  std::shared_ptr<ScheduledSave> Take();
  // The next save of the group, which takes over the slot of a completed one. Null if none waits.
  std::shared_ptr<ScheduledSave> PassOn(ScheduledSave* completed);
  void Release(ScheduledSave* save);
  // The save has a slot and needs no thread now. True if that lets another one start.
  bool LeaveThread(ScheduledSave* save);
  // Removes a save that waits for a slot.
  void Remove(ScheduledSave* save);
  // Finds the saves that have been held up for some time since they began. True if there is one, so that
  // slots of its class have become free. `*back`: saves to the same filesystems that waited for a worker.
  // They have no slot any more, and wait for one.
  bool FindHeldUp(Workers* workers, ScheduledSaves* back);
  // Whether saves wait for those to other filesystems.
  bool HasWaiting() const;
  // Remembers the filesystem of this path, and whether it is in memory (tmpfs), for later saves to the same
  // directory.
  void Learn(const std::string& path, const platform::FilesystemId& filesystem, bool in_memory);
  // Whether the path's directory was in memory the last time.
  bool IsInMemory(const std::string& path) const;
  // Whether the threads that save to memory may soon have nothing to do.
  bool ThreadsNeedMore() const;
  // The number of occupied slots.
  size_t taken() const { return holders_.size(); }

 private:
  using Clock = std::chrono::steady_clock;

  struct Known {
    platform::FilesystemId filesystem;
    bool in_memory = false;
  };
  // The directory only if its filesystem is not known.
  struct Resource {
    SlotClass slot_class = SlotClass::kSmall;
    platform::FilesystemId filesystem;
    std::string directory;

    bool operator==(const Resource& other) const {
      return slot_class == other.slot_class && filesystem == other.filesystem && directory == other.directory;
    }
  };
  struct Bulkhead {
    Resource resource;
    SlotGroup group;
  };

  SlotClass ClassOf(const SaveJob& job) const;
  Resource ResourceOf(const ScheduledSave& save) const;
  const Known* Find(const std::string& path) const;
  SlotGroup* FindBulkhead(const Resource& resource);
  bool IsBulkhead(const SlotGroup* group) const;
  static void WaitIn(SlotGroup* group, const std::shared_ptr<ScheduledSave>& save);
  void MoveTo(SlotGroup* group, ScheduledSave* save);
  std::shared_ptr<ScheduledSave> TakeFirst(SlotGroup* group);
  void GiveBack(ScheduledSave* save);
  void RemoveIfIdle(const SlotGroup* group);
  SlotGroup& Of(SlotClass slot_class) { return classes_[static_cast<size_t>(slot_class)]; }

  std::array<SlotGroup, 3> classes_;  // By SlotClass.
  std::list<Bulkhead> bulkheads_;
  // The saves that have a slot.
  std::list<ScheduledSave*> holders_;
  Clock::time_point looked_{};
  // By the path that the caller used. Only a hint: the path may lead to another filesystem by now.
  std::map<std::string, Known, std::less<>> directories_;
};

}  // namespace indelible

#endif  // INDELIBLE_SLOTS_H_
