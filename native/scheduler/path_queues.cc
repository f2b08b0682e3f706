#include "path_queues.h"

#include <utility>

namespace indelible {

namespace {

// `..` is not resolved: after a symbolic link it is not what the text says.
std::string Folded(const std::string& path) {
  std::string folded;
  folded.reserve(path.size());
  for (size_t i = 0; i < path.size(); ++i) {
    folded.push_back(path[i]);
    if (path[i] != '/') continue;
    for (;;) {
      if (path.compare(i + 1, 1, "/") == 0) {
        i += 1;
      } else if (path.compare(i + 1, 2, "./") == 0) {
        i += 2;
      } else {
        break;
      }
    }
  }
  return folded;
}

}  // namespace

bool PathQueues::Append(const std::shared_ptr<ScheduledSave>& save) {
  auto [entry, created] = queues_.try_emplace(Folded(save->job->request().path));
  PathQueue& queue = entry->second;
  save->path_queue = &queue;
  ScheduledSave* const before = queue.last;
  queue.last = save.get();
  if (created) {
    queue.path = &entry->first;
    queue.first = save;
    return true;
  }
  before->next_on_path = save;
  save->job->ExpectPredecessor();
  return before->started;
}

bool PathQueues::Has(const std::string& path) const {
  return !queues_.empty() && queues_.count(Folded(path)) > 0;
}

std::shared_ptr<ScheduledSave> PathQueues::Find(const SaveJob& job) const {
  const auto found = queues_.find(Folded(job.request().path));
  if (found == queues_.end()) return nullptr;
  std::shared_ptr<ScheduledSave> save = found->second.first;
  while (save != nullptr && save->job.get() != &job) save = save->next_on_path;
  return save;
}

std::shared_ptr<ScheduledSave> PathQueues::Start(ScheduledSave* save) {
  save->started = true;
  const std::shared_ptr<ScheduledSave>& next = save->next_on_path;
  return next != nullptr && !next->started ? next : nullptr;
}

PathQueue* PathQueues::Remove(ScheduledSave* save) {
  PathQueue* const queue = save->path_queue;
  save->path_queue = nullptr;
  ScheduledSave* before = nullptr;
  std::shared_ptr<ScheduledSave>* link = &queue->first;
  while (link->get() != save) {
    before = link->get();
    link = &before->next_on_path;
  }
  if (queue->last == save) queue->last = before;
  // Keeps the save alive while its link in the list is overwritten.
  const std::shared_ptr<ScheduledSave> removed = std::move(*link);
  *link = std::move(removed->next_on_path);
  if (queue->first != nullptr) return queue;
  queues_.erase(queues_.find(*queue->path));
  return nullptr;
}

}  // namespace indelible
