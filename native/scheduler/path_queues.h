#ifndef INDELIBLE_PATH_QUEUES_H_
#define INDELIBLE_PATH_QUEUES_H_

#include <map>
#include <memory>
#include <string>

#include "scheduled_save.h"

namespace indelible {

// The unpublished saves to one path, in the order of the calls.
struct PathQueue {
  const std::string* path = nullptr;  // Its key.
  std::shared_ptr<ScheduledSave> first;
  ScheduledSave* last = nullptr;
};

// Keeps saves to the same path in the order in which they were called. The scheduler's mutex guards it.
//
// The path is compared as it was given (slashes and `/./` folded): two different paths to one file, through a
// symbolic link say, are two paths.
class PathQueues {
 public:
  // True if the save may start at once: every earlier one to its path has. (A save that started first and
  // then waited for one that cannot start could fill all slots and never give one back.)
  bool Append(const std::shared_ptr<ScheduledSave>& save);
  // The save has started; returns the one behind it if that may start now.
  std::shared_ptr<ScheduledSave> Start(ScheduledSave* save);
  // The save is published or has failed. Returns the path's queue, or null if it was the last one there.
  PathQueue* Remove(ScheduledSave* save);

 private:
  std::map<std::string, PathQueue> queues_;
};

}  // namespace indelible

#endif  // INDELIBLE_PATH_QUEUES_H_
