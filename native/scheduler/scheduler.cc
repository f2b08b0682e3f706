#include "scheduler.h"

#include <algorithm>
#include <utility>

namespace indelible {

namespace {

// How long stage 1 waits for descriptors that other saves, or the rest of the program, close. A pause ends
// early when a save of this scheduler completes.
constexpr std::chrono::seconds kDescriptorTimeout(5);
constexpr std::chrono::milliseconds kDescriptorPause(20);

}  // namespace

void Scheduler::Submit(std::shared_ptr<SaveJob> job) {
  job->Enter(Stage::kQueue);
  auto save = std::make_shared<ScheduledSave>(std::move(job));
  Dispatch dispatch;
  {
    MutexLock lock(mutex_);
    if (paths_.Append(save)) {
      EnqueueForSlot(std::move(save));
      FillSlots(&dispatch);
    }
  }
  PostDispatch(std::move(dispatch));
}

// The save waits for a slot, and starts when it has one.
void Scheduler::EnqueueForSlot(std::shared_ptr<ScheduledSave> save) {
  // A synchronous save has a thread of its own and needs no slot.
  while (save != nullptr && save->synchronous()) save = paths_.Start(save.get());
  if (save != nullptr) slots_.Enqueue(std::move(save));
}

// Starts saves while slots are free. The next save to a path is enqueued like any other, so that many saves
// to one path do not delay the rest.
void Scheduler::FillSlots(Dispatch* dispatch) {
  while (!SaveJob::AllCancelled()) {
    const std::shared_ptr<ScheduledSave> save = slots_.Take();
    if (save == nullptr) return;
    EnqueueForSlot(paths_.Start(save.get()));
    Task run = [this, save] { Run(save); };
    if (!pool_->Post(&run)) {
      save->job->FailUnstarted();
      Dequeue(save.get(), dispatch);
      dispatch->failed.push_back(save);
    }
  }
}

// Passes the slot of a completed save to the next one.
void Scheduler::PassOnSlot(SlotClass slot_class, Dispatch* dispatch) {
  // In memory a save takes no longer than waking another thread for the next one.
  std::shared_ptr<ScheduledSave> next;
  if (slot_class == SlotClass::kInMemory && dispatch->next == nullptr && !SaveJob::AllCancelled())
    next = slots_.PassOn(slot_class);
  if (next == nullptr) {
    slots_.Release(slot_class);
  } else {
    EnqueueForSlot(paths_.Start(next.get()));
    dispatch->next = std::move(next);
  }
  FillSlots(dispatch);
}

// Stage 1 on a thread of the pool, and the work that follows from it.
void Scheduler::Run(std::shared_ptr<ScheduledSave> save) {
  while (save != nullptr) {
    PlanRequest needed;
    const SaveJob::Prepared prepared = Prepare(save.get(), &needed);
    if (prepared == SaveJob::Prepared::kNeedsPlan) {
      save->job->Rewind();
      if (Suspend(save, needed)) return;
      continue;
    }
    Dispatch dispatch;
    {
      MutexLock lock(mutex_);
      if (prepared == SaveJob::Prepared::kReady) {
        slots_.Learn(save->job->request().path, !save->job->plan().close_may_fail);
        save->ready = true;
        DispatchReady(save->path_queue, &dispatch);
      } else {
        Dequeue(save.get(), &dispatch);
        dispatch.failed.push_back(save);
      }
    }
    commits_.StopExpecting(save.get());
    RunDispatch(&dispatch);
    save = std::move(dispatch.next);
  }
}

SaveJob::Prepared Scheduler::Prepare(ScheduledSave* save, PlanRequest* needed) {
  SaveJob* const job = save->job.get();
  const Clock::time_point deadline = Clock::now() + kDescriptorTimeout;
  for (;;) {
    const SaveJob::Prepared prepared =
        job->Prepare(&plans_, &unsynced_directories_, [&] { commits_.Expect(save); }, needed);
    if (!job->LacksDescriptors()) return prepared;
    // The descriptors may have to come from the saves of the group that would wait for this one.
    commits_.StopExpecting(save);
    if (!WaitForDescriptors(job, save->synchronous(), deadline)) return prepared;
  }
}

SaveJob::Prepared Scheduler::Open(SaveJob* job, bool synchronous, PlanRequest* needed) {
  const Clock::time_point deadline = Clock::now() + kDescriptorTimeout;
  for (;;) {
    const SaveJob::Prepared prepared = job->Open(&plans_, &unsynced_directories_, needed);
    if (prepared == SaveJob::Prepared::kNeedsPlan) job->Rewind();
    if (!job->LacksDescriptors() || !WaitForDescriptors(job, synchronous, deadline)) return prepared;
  }
}

// open(2): EMFILE and ENFILE end when any descriptor is closed, so this waits. True: try again.
bool Scheduler::WaitForDescriptors(SaveJob* job, bool synchronous, Clock::time_point deadline) {
  if (job->Cancelled() || Clock::now() > deadline) return false;
  {
    MutexLock lock(mutex_);
    // While JavaScript's thread waits here, only this scheduler can close descriptors.
    if (synchronous && Running() == 0) return false;
    changed_.WaitFor(mutex_, kDescriptorPause);
  }
  job->Rewind();
  return true;
}

// False for a cancelled save, which does not wait.
bool Scheduler::Suspend(const std::shared_ptr<ScheduledSave>& save, const PlanRequest& needed) {
  bool is_first = false;
  {
    MutexLock lock(mutex_);
    if (save->job->Cancelled()) return false;
    is_first = suspended_.Add(save, needed);
    changed_.NotifyAll();
  }
  if (is_first) save->job->listener()->NeedsPlan(needed);
  return true;
}

void Scheduler::ProvidePlan(const platform::FilesystemId& filesystem, uint64_t generation,
                            const Decision& decision) {
  plans_.Provide(filesystem, generation, decision);
  ScheduledSaves saves;
  {
    MutexLock lock(mutex_);
    saves = suspended_.Take(filesystem);
  }
  Resume(saves);
}

void Scheduler::UseDefaultPlan(const platform::FilesystemId& filesystem) {
  ScheduledSaves saves;
  {
    MutexLock lock(mutex_);
    saves = suspended_.Take(filesystem);
  }
  for (const auto& save : saves) save->job->UseDefaultPlan();
  Resume(saves);
}

void Scheduler::ResumeAll(const SaveListener* listener) {
  ScheduledSaves saves;
  {
    MutexLock lock(mutex_);
    saves = suspended_.TakeAll(listener);
  }
  Resume(saves);
}

// The saves have kept their slots.
void Scheduler::Resume(const ScheduledSaves& saves) {
  for (const auto& save : saves) {
    Task run = [this, save] { Run(save); };
    if (!pool_->Post(&run)) run();
  }
}

// Dispatches the saves of the path that may be published now: the first if it is ready, and those after it
// that will share a commit with it, since a commit publishes in order.
void Scheduler::DispatchReady(PathQueue* queue, Dispatch* dispatch) {
  const ScheduledSave* before = nullptr;
  for (std::shared_ptr<ScheduledSave> save = queue->first; save != nullptr;
       before = save.get(), save = save->next_on_path) {
    if (save->dispatched) continue;
    if (!save->ready) return;
    const SaveJob& job = *save->job;
    const bool shares =
        before == nullptr || (before->job->plan().sync_directory() && !before->synchronous() &&
                              before->job->filesystem() == job.filesystem());
    if (!shares) return;
    if (save->synchronous()) {
      if (before == nullptr) changed_.NotifyAll();
      return;
    }
    if (job.plan().sync_directory()) {
      save->dispatched = true;
      if (commits_.AddReady(save)) dispatch->leaderless.push_back(job.filesystem());
    } else {
      if (before != nullptr) return;
      save->dispatched = true;
      dispatch->alone.push_back(save);
      return;
    }
  }
}

// The save is published or has failed: the saves after it may continue.
void Scheduler::Dequeue(ScheduledSave* save, Dispatch* dispatch) {
  PathQueue* const queue = paths_.Remove(save);
  if (queue != nullptr) DispatchReady(queue, dispatch);
  changed_.NotifyAll();
}

// A loop instead of recursion: each save may release the next one.
void Scheduler::RunDispatch(Dispatch* dispatch) {
  while (!dispatch->empty()) {
    if (!dispatch->failed.empty()) {
      const std::shared_ptr<ScheduledSave> save = std::move(dispatch->failed.back());
      dispatch->failed.pop_back();
      Complete(save, dispatch);
    } else if (!dispatch->alone.empty()) {
      const std::shared_ptr<ScheduledSave> save = std::move(dispatch->alone.back());
      dispatch->alone.pop_back();
      PublishAlone(save, dispatch);
    } else {
      const platform::FilesystemId filesystem = dispatch->leaderless.back();
      dispatch->leaderless.pop_back();
      commits_.RunLeader(
          filesystem, [&](const ScheduledSaves& saves) { AfterRename(saves, dispatch); },
          [&](const ScheduledSaves& saves) {
            for (const auto& save : saves) Complete(save, dispatch);
          });
    }
  }
}

// Runs the dispatch on the pool: JavaScript's thread must not wait for the disks of other saves.
void Scheduler::PostDispatch(Dispatch dispatch) {
  if (dispatch.empty() && dispatch.next == nullptr) return;
  const auto shared = std::make_shared<Dispatch>(std::move(dispatch));
  Task run = [this, shared] {
    RunDispatch(shared.get());
    Run(std::move(shared->next));
  };
  if (!pool_->Post(&run)) run();
}

void Scheduler::PublishAlone(const std::shared_ptr<ScheduledSave>& save, Dispatch* dispatch) {
  save->job->Publish(false);
  {
    MutexLock lock(mutex_);
    Dequeue(save.get(), dispatch);
  }
  Complete(save, dispatch);
}

// The renames of a group have succeeded or failed.
void Scheduler::AfterRename(const ScheduledSaves& saves, Dispatch* dispatch) {
  {
    MutexLock lock(mutex_);
    for (const auto& save : saves) Dequeue(save.get(), dispatch);
  }
  // Saves without a sync do not wait for the sync of this group.
  while (!dispatch->alone.empty()) {
    const std::shared_ptr<ScheduledSave> save = std::move(dispatch->alone.back());
    dispatch->alone.pop_back();
    PublishAlone(save, dispatch);
  }
}

void Scheduler::Complete(const std::shared_ptr<ScheduledSave>& save, Dispatch* dispatch) {
  save->job->Finish(&unsynced_directories_);
  {
    MutexLock lock(mutex_);
    PassOnSlot(save->slot_class, dispatch);
    changed_.NotifyAll();
  }
  if (!SaveJob::AllCancelled()) save->job->listener()->Completed(save->job);
}

void Scheduler::ShutDown() {
  SaveJob::CancelAll();
  // Other saves may wait for suspended ones, whose plans are not provided any more.
  ResumeAll(nullptr);
  MutexLock lock(mutex_);
  while (Running() > 0) changed_.Wait(mutex_);
}

// Whether every save to their paths before this call of SaveSync is published.
bool Scheduler::AreFirst(const ScheduledSaves& saves) {
  return std::all_of(saves.begin(), saves.end(),
                     [](const auto& save) { return save->path_queue->first->sync_call == save->sync_call; });
}

std::vector<PlanRequest> Scheduler::SaveSync(const std::vector<std::shared_ptr<SaveJob>>& jobs) {
  Dispatch dispatch;
  ScheduledSaves saves;
  {
    MutexLock lock(mutex_);
    for (const std::shared_ptr<SaveJob>& job : jobs) {
      saves.push_back(std::make_shared<ScheduledSave>(job, &saves));
      if (paths_.Append(saves.back())) EnqueueForSlot(saves.back());
    }
  }
  std::vector<PlanRequest> needed;
  ScheduledSaves ready;
  for (const auto& save : saves) {
    PlanRequest request;
    const SaveJob::Prepared prepared = Prepare(save.get(), &request);
    if (prepared == SaveJob::Prepared::kNeedsPlan) AddRequest(request, &needed);
    if (prepared != SaveJob::Prepared::kFailed) ready.push_back(save);
  }
  {
    MutexLock lock(mutex_);
    while (!AreFirst(ready)) {
      suspended_.AddRequests(&needed);
      if (!needed.empty()) break;
      changed_.Wait(mutex_);
    }
  }
  if (needed.empty()) {
    CommitLeader::Rename(ready);
    AfterRename(ready, &dispatch);
    commits_.Sync(ready);
  }
  {
    MutexLock lock(mutex_);
    for (const auto& save : saves) {
      if (save->path_queue != nullptr) Dequeue(save.get(), &dispatch);
    }
  }
  PostDispatch(std::move(dispatch));
  for (const auto& job : jobs) {
    if (needed.empty()) {
      job->Finish(&unsynced_directories_);
    } else {
      job->Rewind();
    }
  }
  return needed;
}

}  // namespace indelible
