#include "suspended_saves.h"

#include <algorithm>
#include <utility>

namespace indelible {

bool SuspendedSaves::Add(std::shared_ptr<ScheduledSave> save, const PlanRequest& needed) {
  Waiting& waiting = waiting_[needed.filesystem];
  const bool first = std::none_of(waiting.saves.begin(), waiting.saves.end(), [&](const auto& other) {
    return other->job->listener() == save->job->listener();
  });
  waiting.needed = needed;
  waiting.saves.push_back(std::move(save));
  return first;
}

ScheduledSaves SuspendedSaves::Take(const platform::FilesystemId& filesystem) {
  ScheduledSaves taken;
  const auto found = waiting_.find(filesystem);
  if (found == waiting_.end()) return taken;
  taken = std::move(found->second.saves);
  waiting_.erase(found);
  return taken;
}

ScheduledSaves SuspendedSaves::TakeAll(const SaveListener* listener) {
  ScheduledSaves taken;
  for (auto entry = waiting_.begin(); entry != waiting_.end();) {
    ScheduledSaves& saves = entry->second.saves;
    ScheduledSaves others;
    for (std::shared_ptr<ScheduledSave>& save : saves) {
      const bool resumes = listener == nullptr || save->job->listener().get() == listener;
      (resumes ? taken : others).push_back(std::move(save));
    }
    saves.swap(others);
    entry = saves.empty() ? waiting_.erase(entry) : std::next(entry);
  }
  return taken;
}

void SuspendedSaves::AddRequests(std::vector<PlanRequest>* requests) const {
  for (const auto& [filesystem, waiting] : waiting_) AddRequest(waiting.needed, requests);
}

size_t SuspendedSaves::size() const {
  size_t size = 0;
  for (const auto& [filesystem, waiting] : waiting_) size += waiting.saves.size();
  return size;
}

void AddRequest(const PlanRequest& request, std::vector<PlanRequest>* requests) {
  const bool asked = std::any_of(requests->begin(), requests->end(), [&](const PlanRequest& other) {
    return other.filesystem == request.filesystem;
  });
  if (!asked) requests->push_back(request);
}

}  // namespace indelible
