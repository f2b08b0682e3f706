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
  // False if another save of the same listener waits for the same plan, which has been asked for then.
  bool Add(std::shared_ptr<ScheduledSave> save, const PlanRequest& needed);
  ScheduledSaves Take(const FilesystemId& filesystem);
  // Those of a listener, or all of them.
  ScheduledSaves TakeAll(const SaveListener* listener);
  // Adds what the saves wait for and `requests` lacks.
  void AddRequests(std::vector<PlanRequest>* requests) const;
  size_t size() const;

 private:
  struct Waiting {
    PlanRequest needed;
    ScheduledSaves saves;
  };
  std::map<FilesystemId, Waiting> waiting_;
};

// Each filesystem is asked about once.
void AddRequest(const PlanRequest& request, std::vector<PlanRequest>* requests);

}  // namespace indelible

#endif  // INDELIBLE_SUSPENDED_SAVES_H_
