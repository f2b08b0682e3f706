#include "path_order.h"

#include <utility>

namespace indelible {

namespace {

// `..` stays: behind a symbolic link it is not what the text says.
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

bool PathOrder::Append(const std::shared_ptr<SaveJob>& job) {
  auto [entry, created] = queues_.try_emplace(Folded(job->request().path));
  PathQueue& queue = entry->second;
  job->path_queue = &queue;
  SaveJob* const before = queue.last;
  queue.last = job.get();
  if (created) {
    queue.path = &entry->first;
    queue.first = job;
    return true;
  }
  before->next_on_path = job;
  job->ExpectPredecessor();
  return before->started;
}

std::shared_ptr<SaveJob> PathOrder::Start(SaveJob* job) {
  job->started = true;
  const std::shared_ptr<SaveJob>& next = job->next_on_path;
  return next != nullptr && !next->started ? next : nullptr;
}

PathQueue* PathOrder::Remove(SaveJob* job) {
  PathQueue* const queue = job->path_queue;
  job->path_queue = nullptr;
  SaveJob* before = nullptr;
  std::shared_ptr<SaveJob>* link = &queue->first;
  while (link->get() != job) {
    before = link->get();
    link = &before->next_on_path;
  }
  if (queue->last == job) queue->last = before;
  // Keeps the job alive while its place in the list is overwritten.
  const std::shared_ptr<SaveJob> removed = std::move(*link);
  *link = std::move(removed->next_on_path);
  if (queue->first != nullptr) return queue;
  queues_.erase(queues_.find(*queue->path));
  return nullptr;
}

}  // namespace indelible
