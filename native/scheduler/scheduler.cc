#include "scheduler.h"

#include <algorithm>
#include <utility>

namespace indelible {

namespace {

// Larger saves have slots of their own, so that a few of them don't hold up the small ones.
constexpr size_t kLarge = size_t{1} << 20;

// How long stage 1 waits for descriptors that other saves, or the rest of the program, give back; a pause
// ends early when a save of this scheduler completes.
constexpr std::chrono::seconds kDescriptorPatience(5);
constexpr std::chrono::milliseconds kDescriptorPause(20);

}  // namespace

void Scheduler::Submit(std::shared_ptr<SaveJob> job) {
  job->Enter(Stage::kQueue);
  auto save = std::make_shared<ScheduledSave>(std::move(job));
  Dispatch dispatch;
  {
    MutexLock lock(mutex_);
    if (paths_.Append(save)) {
      SuspendForSlot(std::move(save));
      Fill(&dispatch);
    }
  }
  PostDispatch(std::move(dispatch));
}

// The save waits for a slot of its class, and starts when it has one.
void Scheduler::SuspendForSlot(std::shared_ptr<ScheduledSave> save) {
  // A synchronous save has a thread of its own and takes no slot.
  while (save != nullptr && save->synchronous()) save = paths_.Start(save.get());
  if (save == nullptr) return;
  const SaveJob& job = *save->job;
  save->slot_class = job.size() > kLarge                                   ? SlotClass::kLarge
                     : memory_directories_.HasParentOf(job.request().path) ? SlotClass::kInMemory
                                                                           : SlotClass::kSmall;
  slots_.Enqueue(std::move(save));
}

// The save behind one that starts queues up like any other, so that a flood to one path does not starve the
// rest.
void Scheduler::Fill(Dispatch* dispatch) {
  while (!SaveJob::AllCancelled()) {
    const std::shared_ptr<ScheduledSave> save = slots_.Take();
    if (save == nullptr) return;
    SuspendForSlot(paths_.Start(save.get()));
    Task run = [this, save] { Run(save); };
    if (!pool_->Post(&run)) {
      save->job->FailUnstarted();
      Dequeue(save.get(), dispatch);
      dispatch->failed.push_back(save);
    }
  }
}

// The slot of a completed save goes to the next one.
void Scheduler::PassOnSlot(SlotClass slot_class, Dispatch* dispatch) {
  // To memory a save takes no longer than waking another thread for the next one would.
  std::shared_ptr<ScheduledSave> next;
  if (slot_class == SlotClass::kInMemory && dispatch->next == nullptr && !SaveJob::AllCancelled())
    next = slots_.PassOn(slot_class);
  if (next == nullptr) {
    slots_.Release(slot_class);
  } else {
    SuspendForSlot(paths_.Start(next.get()));
    dispatch->next = std::move(next);
  }
  Fill(dispatch);
}

// Stage 1, on a thread of the pool, and what follows from it.
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
        memory_directories_.Learn(save->job->request().path, !save->job->plan().close_may_fail);
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
  const Clock::time_point give_up = Clock::now() + kDescriptorPatience;
  for (;;) {
    const SaveJob::Prepared prepared =
        job->Prepare(&plans_, &unsynced_directories_, [&] { commits_.Expect(save); }, needed);
    if (!job->LacksDescriptors()) return prepared;
    // The descriptors may have to come from the saves of the group that would wait for it.
    commits_.StopExpecting(save);
    if (!AwaitDescriptors(job, save->synchronous(), give_up)) return prepared;
  }
}

SaveJob::Prepared Scheduler::Open(SaveJob* job, bool synchronous, PlanRequest* needed) {
  const Clock::time_point give_up = Clock::now() + kDescriptorPatience;
  for (;;) {
    const SaveJob::Prepared prepared = job->Open(&plans_, &unsynced_directories_, needed);
    if (prepared == SaveJob::Prepared::kNeedsPlan) job->Rewind();
    if (!job->LacksDescriptors() || !AwaitDescriptors(job, synchronous, give_up)) return prepared;
  }
}

// open(2): EMFILE and ENFILE pass when a descriptor is closed anywhere, so they are waited out. True: to be
// tried again.
bool Scheduler::AwaitDescriptors(SaveJob* job, bool synchronous, Clock::time_point give_up) {
  if (job->Cancelled() || Clock::now() > give_up) return false;
  {
    MutexLock lock(mutex_);
    // On JavaScript's own thread only this scheduler can close anything meanwhile.
    if (synchronous && Running() == 0) return false;
    moved_.WaitFor(mutex_, kDescriptorPause);
  }
  job->Rewind();
  return true;
}

// False for a cancelled save, which waits for nothing any more.
bool Scheduler::Suspend(const std::shared_ptr<ScheduledSave>& save, const PlanRequest& needed) {
  bool asks = false;
  {
    MutexLock lock(mutex_);
    if (save->job->Cancelled()) return false;
    asks = suspended_.Add(save, needed);
    moved_.NotifyAll();
  }
  if (asks) save->job->listener()->NeedsPlan(needed);
  return true;
}

void Scheduler::ProvidePlan(const FilesystemId& filesystem, uint64_t generation, const Decision& decision) {
  plans_.Provide(filesystem, generation, decision);
  ScheduledSaves saves;
  {
    MutexLock lock(mutex_);
    saves = suspended_.Take(filesystem);
  }
  Resume(saves);
}

void Scheduler::UseDefaultPlan(const FilesystemId& filesystem) {
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

// They have kept their slots, and with them the right to a thread.
void Scheduler::Resume(const ScheduledSaves& saves) {
  for (const auto& save : saves) {
    Task run = [this, save] { Run(save); };
    if (!pool_->Post(&run)) run();
  }
}

// Finds which saves of the path may be published now: the first if it is ready, and those behind it that will
// share a commit with it, since a commit publishes in order.
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
      if (before == nullptr) moved_.NotifyAll();
      return;
    }
    if (job.plan().sync_directory()) {
      save->dispatched = true;
      if (commits_.Add(save)) dispatch->leaderless.push_back(job.filesystem());
    } else {
      if (before != nullptr) return;
      save->dispatched = true;
      dispatch->alone.push_back(save);
      return;
    }
  }
}

// The save is published or has failed: those behind it may go on.
void Scheduler::Dequeue(ScheduledSave* save, Dispatch* dispatch) {
  PathQueue* const queue = paths_.Remove(save);
  if (queue != nullptr) DispatchReady(queue, dispatch);
  moved_.NotifyAll();
}

// A loop instead of recursion: each save may let the next one go.
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
      const FilesystemId filesystem = dispatch->leaderless.back();
      dispatch->leaderless.pop_back();
      commits_.Run(
          filesystem, [&](const ScheduledSaves& saves) { Renamed(saves, dispatch); },
          [&](const ScheduledSaves& saves) {
            for (const auto& save : saves) Complete(save, dispatch);
          });
    }
  }
}

// For JavaScript's own thread, which must not wait for other saves' disks.
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

// The saves of a group have their names, or have failed.
void Scheduler::Renamed(const ScheduledSaves& saves, Dispatch* dispatch) {
  {
    MutexLock lock(mutex_);
    for (const auto& save : saves) Dequeue(save.get(), dispatch);
  }
  // Saves that sync nothing don't wait for this group's sync.
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
    moved_.NotifyAll();
  }
  if (!SaveJob::AllCancelled()) save->job->listener()->Completed(save->job);
}

void Scheduler::ShutDown() {
  SaveJob::CancelAll();
  // Others may wait behind them, for plans that are not provided any more.
  ResumeAll(nullptr);
  MutexLock lock(mutex_);
  while (Running() > 0) moved_.Wait(mutex_);
}

// Whether every save to their paths that was called before this call of SaveSync is published.
bool Scheduler::AreNext(const ScheduledSaves& saves) {
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
      if (paths_.Append(saves.back())) SuspendForSlot(saves.back());
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
    while (!AreNext(ready)) {
      suspended_.AddRequests(&needed);
      if (!needed.empty()) break;
      moved_.Wait(mutex_);
    }
  }
  if (needed.empty()) {
    CommitLeader::Rename(ready);
    Renamed(ready, &dispatch);
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
