#ifndef INDELIBLE_PATH_ORDER_H_
#define INDELIBLE_PATH_ORDER_H_

#include <map>
#include <memory>
#include <string>

#include "../save/save_job.h"

namespace indelible {

// The unpublished saves to one path, in the order of the calls.
struct PathQueue {
  const std::string* path = nullptr;  // Its key.
  std::shared_ptr<SaveJob> first;
  SaveJob* last = nullptr;
};

// Keeps saves to the same path in the order in which they were called. The engine's mutex guards it.
//
// The path is compared as it was given (slashes and `/./` folded): two different paths to one file, through a
// symbolic link say, are two paths.
class PathOrder {
 public:
  // True if the save may start at once: every earlier one to its path has. (A save that started first and
  // then waited for one that cannot start could fill all places and never give one back.)
  bool Append(const std::shared_ptr<SaveJob>& job);
  // The save has started; returns the one behind it if that may start now.
  std::shared_ptr<SaveJob> Start(SaveJob* job);
  // The save is published or has failed. Returns the path's queue, or null if it was the last one there.
  PathQueue* Remove(SaveJob* job);

 private:
  std::map<std::string, PathQueue> queues_;
};

}  // namespace indelible

#endif  // INDELIBLE_PATH_ORDER_H_
