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

// Keeps saves to the same path in the order of their calls. The scheduler's mutex guards it.
//
// Paths are compared as text, with repeated slashes and `/./` removed. Two different paths to one file,
// through a symbolic link for example, are two paths.
class PathQueues {
 public:
  // True if the save may start now: every earlier save to its path has started. (If a save could start first
  // and then wait for one that cannot start, such saves could occupy all slots for ever.)
  bool Append(const std::shared_ptr<ScheduledSave>& save);
  // The unpublished save of the job. Null if there is none.
  std::shared_ptr<ScheduledSave> Find(const SaveJob& job) const;
  // Whether a save to the path is unpublished.
  bool Has(const std::string& path) const;
  // The save has started. Returns the next save to the path if that may start now.
  std::shared_ptr<ScheduledSave> Start(ScheduledSave* save);
  // The save is published or has failed. Returns the queue of the path, or null if no other save is left in
  // it.
  PathQueue* Remove(ScheduledSave* save);

 private:
  std::map<std::string, PathQueue> queues_;
};

}  // namespace indelible

#endif  // INDELIBLE_PATH_QUEUES_H_
