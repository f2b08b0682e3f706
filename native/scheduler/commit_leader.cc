#include "commit_leader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "data_syncs.h"
#include "directory_syncs.h"

namespace indelible {

namespace {

// A program saves to a few filesystems. One that mounts and unmounts many must not leave a queue for each.
constexpr size_t kMostQueues = 64;

}  // namespace

// The queue of the filesystem. An idle one of another may be dropped for it, with the durations of its
// commits.
CommitLeader::CommitQueue& CommitLeader::QueueOf(const platform::FilesystemId& filesystem) {
  const auto found = queues_.find(filesystem);
  if (found != queues_.end()) return found->second;
  for (auto entry = queues_.begin(); queues_.size() >= kMostQueues && entry != queues_.end();) {
    entry = entry->second.idle() ? queues_.erase(entry) : std::next(entry);
  }
  return queues_[filesystem];
}

size_t CommitLeader::queues() {
  MutexLock lock(mutex_);
  return queues_.size();
}

void CommitLeader::Admit(ScheduledSave* save) {
  if (save->slot_class != SlotClass::kSmall) return;
  MutexLock lock(mutex_);
  ++unlocated_;
  save->admitted_in = period_;
}

// The filesystem of the save is known, or the save is not waited for any more.
void CommitLeader::Locate(ScheduledSave* save) {
  if (save->admitted_in == period_ && --unlocated_ == 0) arrived_.NotifyAll();
  save->admitted_in.reset();
}

void CommitLeader::Expect(ScheduledSave* save) {
  if (save->synchronous()) return;
  MutexLock lock(mutex_);
  if (save->job->plan().sync_directory() && save->slot_class != SlotClass::kLarge) {
    save->expected_on = save->job->filesystem();
    ++QueueOf(*save->expected_on).expected;
  }
  Locate(save);
}

void CommitLeader::StopExpecting(ScheduledSave* save) {
  if (!save->expected_on && !save->admitted_in) return;
  MutexLock lock(mutex_);
  Locate(save);
  if (save->expected_on && --QueueOf(*save->expected_on).expected == 0) arrived_.NotifyAll();
  save->expected_on.reset();
}

bool CommitLeader::AddReady(std::shared_ptr<ScheduledSave> save) {
  MutexLock lock(mutex_);
  CommitQueue& queue = QueueOf(save->job->filesystem());
  queue.ready.push_back(std::move(save));
  return !std::exchange(queue.has_leader, true);
}

void CommitLeader::RunLeader(const platform::FilesystemId& filesystem, Report renamed, Report committed) {
  do {
    const ScheduledSaves group = TakeReady(filesystem);
    if (group.empty()) continue;
    Commit(group, renamed);
    committed(group);
  } while (!StopIfIdle(filesystem));
}

// True if no save is left: then the filesystem has no leader.
bool CommitLeader::StopIfIdle(const platform::FilesystemId& filesystem) {
  MutexLock lock(mutex_);
  CommitQueue& queue = QueueOf(filesystem);
  queue.has_leader = !queue.ready.empty();
  return !queue.has_leader;
}

// The ready saves of the filesystem, when no admitted save is on the way. It is worth waiting for those for
// as long as a commit of their own would take: the shorter one of the last two, so that a single slow one
// does not count.
ScheduledSaves CommitLeader::TakeReady(const platform::FilesystemId& filesystem) {
  ScheduledSaves ready;
  MutexLock lock(mutex_);
  const Clock::duration limit =
      std::min(QueueOf(filesystem).last_commit, QueueOf(filesystem).commit_before_last);
  if (limit > Clock::duration(0)) {
    const Clock::time_point wait_until = Clock::now() + limit;
    while (unlocated_ > 0 || QueueOf(filesystem).expected > 0) {
      if (arrived_.WaitUntil(mutex_, wait_until)) continue;
      // Whatever holds up their search, the next group does not wait for it.
      unlocated_ = 0;
      ++period_;
      break;
    }
  }
  ready.swap(QueueOf(filesystem).ready);
  return ready;
}

bool CommitLeader::ChooseFilesystem(const platform::FilesystemId& filesystem, size_t saves) {
  MutexLock lock(mutex_);
  return QueueOf(filesystem).sync_choice.ByFilesystem(saves);
}

void CommitLeader::Commit(const ScheduledSaves& saves, Report renamed) {
  if (saves.empty()) return;
  std::vector<SaveJob*> jobs;
  for (const auto& save : saves) jobs.push_back(save->job.get());
  const platform::FilesystemId filesystem = jobs.front()->filesystem();
  const Clock::time_point begin = Clock::now();
  const std::vector<SaveJob*> syncable = SyncableByFilesystem(jobs);
  const bool by_filesystem = ChooseFilesystem(filesystem, syncable.size()) && SyncDataByFilesystem(syncable);
  SyncData(jobs, pool_);
  Rename(saves);
  renamed(saves);
  SyncNames(jobs, by_filesystem && syncable.front()->plan().group_sync == GroupSync::kDataAndNames);
  const Clock::duration took = Clock::now() - begin;
  // A failure tells nothing about durations.
  const bool committed =
      std::any_of(jobs.begin(), jobs.end(), [](const SaveJob* job) { return job->outcome().status.ok(); });
  if (!committed) return;
  MutexLock lock(mutex_);
  CommitQueue& queue = QueueOf(filesystem);
  queue.commit_before_last = std::exchange(queue.last_commit, took);
  queue.sync_choice.Record(syncable.size(), by_filesystem, took);
}

// Renames the saves in order. Of several saves in a row to one path only the last is renamed, if they can be
// coalesced; if its rename fails, the one before it is renamed.
void CommitLeader::Rename(const ScheduledSaves& saves) {
  std::vector<SaveJob*> jobs;
  for (auto first = saves.begin(); first != saves.end(); ++first) {
    const auto has_same_path = [&](const auto& save) { return save->path_queue == (*first)->path_queue; };
    if (std::any_of(saves.begin(), first, has_same_path)) continue;
    jobs.clear();
    for (auto save = first; save != saves.end(); ++save) {
      if (has_same_path(*save)) jobs.push_back((*save)->job.get());
    }
    // From each save that is renamed to the next one that cannot be coalesced.
    for (size_t begin = 0; begin < jobs.size();) {
      size_t last = begin;
      while (last + 1 < jobs.size() && jobs[last + 1]->CanCoalesce(*jobs[last])) ++last;
      bool renamed = false;
      for (size_t i = last + 1; i-- > begin;) {
        if (renamed) {
          jobs[i]->PublishCoalesced();
        } else {
          renamed = jobs[i]->Publish(i > begin);
        }
      }
      begin = last + 1;
    }
  }
}

// Makes the names of the published saves durable.
void CommitLeader::SyncNames(const std::vector<SaveJob*>& jobs, bool by_filesystem) {
  std::vector<SaveJob*> published;
  for (SaveJob* job : jobs) {
    if (job->outcome().published && job->plan().sync_directory()) published.push_back(job);
  }
  SyncDirectories(published, by_filesystem, pool_);
  for (auto job = published.begin(); job != published.end(); ++job) {
    const auto counts = [&](const SaveJob* one) {
      return one->HasSyncedNewFile() && one->filesystem() == (*job)->filesystem();
    };
    // Once for each filesystem.
    if (counts(*job) && std::none_of(published.begin(), job, counts)) plans_->CountSync((*job)->filesystem());
  }
}

}  // namespace indelible
