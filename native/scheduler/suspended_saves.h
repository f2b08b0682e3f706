#ifndef INDELIBLE_SUSPENDED_SAVES_H_
#define INDELIBLE_SUSPENDED_SAVES_H_

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "scheduled_save.h"

namespace indelible {

// Saves that wait for a plan. They keep their slots and have no thread. The scheduler's mutex guards it.
class SuspendedSaves {
 public:
  // False if another save of the same listener waits for the same plan, which is then requested already.
  bool Add(std::shared_ptr<ScheduledSave> save, const PlanRequest& needed);
  ScheduledSaves Take(const platform::FilesystemId& filesystem);
  // The saves of a listener, or of all (null).
  ScheduledSaves TakeAll(const SaveListener* listener);
  // Adds the requests that the saves wait for, unless `requests` has them.
  void AddRequests(std::vector<PlanRequest>* requests) const;
  size_t size() const;

 private:
  struct Waiting {
    PlanRequest needed;
    ScheduledSaves saves;
  };
  std::map<platform::FilesystemId, Waiting> waiting_;
};

// Adds the request unless there is one for its filesystem.
void AddRequest(const PlanRequest& request, std::vector<PlanRequest>* requests);

}  // namespace indelible

#endif  // INDELIBLE_SUSPENDED_SAVES_H_
