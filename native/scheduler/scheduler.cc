#include "scheduler.h"

#include <errno.h>

#include <algorithm>
#include <utility>

namespace indelible {

namespace {

// How long stage 1 waits for descriptors that other saves, or the rest of the program, close, after the last
// save has completed. A pause ends early when a save of this scheduler completes.
constexpr std::chrono::seconds kDescriptorTimeout(5);
constexpr std::chrono::milliseconds kDescriptorPause(20);

// The number of saves that a listener is notified of together. They take about half a millisecond.
constexpr size_t kBatch = 16;

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

// The save waits for a slot, and starts when it has one. A synchronous save needs none, because it has a
// thread of its own, which starts it.
void Scheduler::EnqueueForSlot(std::shared_ptr<ScheduledSave> save) {
  if (save == nullptr) return;
  save->may_start = true;
  if (!save->synchronous()) slots_.Enqueue(std::move(save));
}

// The save has a slot. It may have had one before, and no thread.
void Scheduler::Start(ScheduledSave* save) {
  if (!save->started) EnqueueForSlot(paths_.Start(save));
  save->job->Take();
}

// Starts saves while slots are free. The next save to a path is enqueued like any other, so that many saves
// to one path do not delay the rest.
void Scheduler::FillSlots(Dispatch* dispatch) {
  while (!SaveJob::AllCancelled()) {
    const std::shared_ptr<ScheduledSave> save = slots_.Take();
    if (save == nullptr) break;
    Start(save.get());
    commits_.Admit(save.get());
    workers_.Enqueue(save);
  }
  StartWorkers(dispatch);
}

// Starts threads for the saves that wait for one.
void Scheduler::StartWorkers(Dispatch* dispatch) {
  while (Workers::Worker* const worker = workers_.Add()) {
    if (PostWork(worker)) continue;
    // There is not one thread.
    workers_.Remove(worker);
    for (const auto& save : workers_.TakeAll()) {
      commits_.StopExpecting(save.get());
      save->job->FailUnstarted(Status::Failed("pthread_create", EAGAIN));
      Dequeue(save.get(), dispatch);
      dispatch->failed.push_back(save);
    }
    return;
  }
  if (watched_ || (workers_.empty() && !slots_.HasWaiting())) return;
  watched_ = PostWork(nullptr);
}

// Watch if there is no worker.
bool Scheduler::PostWork(Workers::Worker* worker) {
  Task work = [this, worker] {
    if (worker == nullptr) return Watch();
    Work(worker);
  };
  return pool_->Post(&work);
}

void Scheduler::Work(Workers::Worker* worker) {
  const Clock::time_point begin = Clock::now();
  for (;;) {
    std::shared_ptr<ScheduledSave> save;
    {
      MutexLock lock(mutex_);
      save = workers_.Next(worker);
    }
    if (save == nullptr) return;
    Run(std::move(save), worker);
    // Many short saves are not one that is held up.
    if (Clock::now() < begin + ThreadPool::kHeldUp / 2) continue;
    if (PostWork(worker)) return;
  }
}

// While saves wait for a worker or a slot: looks for those that a disk or a server holds up.
void Scheduler::Watch() {
  Dispatch dispatch;
  {
    MutexLock lock(mutex_);
    while (dispatch.empty() && (!workers_.empty() || slots_.HasWaiting())) {
      tick_.WaitFor(mutex_, Workers::kSlow);
      // It may be this thread that the worker needs.
      if (workers_.HasFresh()) break;
      FindHeldUp(&dispatch);
      if (workers_.FindSlow()) StartWorkers(&dispatch);
    }
    watched_ = false;
    StartWorkers(&dispatch);
  }
  PostDispatch(std::move(dispatch));
}

// Saves to other filesystems do not wait for those that are held up.
void Scheduler::FindHeldUp(Dispatch* dispatch) {
  ScheduledSaves back;
  if (!slots_.FindHeldUp(&workers_, &back)) return;
  for (const auto& save : back) {
    commits_.StopExpecting(save.get());
    save->job->Return();
  }
  FillSlots(dispatch);
}

// The worker, if there is one, is going to wait. Another one takes its place.
void Scheduler::LetOthersWork(Workers::Worker* worker) {
  if (worker == nullptr) return;
  Dispatch dispatch;
  {
    MutexLock lock(mutex_);
    workers_.Waits(worker);
    StartWorkers(&dispatch);
  }
  PostDispatch(std::move(dispatch));
}

// Passes the slot of a completed save to the next one.
void Scheduler::PassOnSlot(ScheduledSave* completed, Dispatch* dispatch) {
  // In memory a save takes no longer than waking another thread for the next one.
  std::shared_ptr<ScheduledSave> next;
  if (completed->slot_class == SlotClass::kInMemory && dispatch->next == nullptr && !SaveJob::AllCancelled())
    next = slots_.PassOn(completed);
  if (next == nullptr) {
    slots_.Release(completed);
  } else {
    Start(next.get());
    next->begin = last_completed_;
    dispatch->next = std::move(next);
  }
  FillSlots(dispatch);
}

void Scheduler::Batch::Add(const std::shared_ptr<SaveListener>& listener) {
  if (std::find(listeners_.begin(), listeners_.end(), listener) == listeners_.end())
    listeners_.push_back(listener);
  if (++saves_ == kBatch) Notify();
}

void Scheduler::Batch::Notify() {
  for (const auto& listener : listeners_) listener->Notify();
  listeners_.clear();
  saves_ = 0;
}

// Stage 1 on a thread of the pool, and the work that follows from it. `worker` is null for a thread that runs
// only this save.
void Scheduler::Run(std::shared_ptr<ScheduledSave> save, Workers::Worker* worker) {
  Batch batch;
  while (save != nullptr) {
    PlanRequest needed;
    SaveJob::Prepared prepared = SaveJob::Prepared::kMayWait;
    if (save->slot_class == SlotClass::kInMemory)
      prepared = save->job->PrepareAtOnce(&plans_, unsynced_directories_);
    if (prepared == SaveJob::Prepared::kMayWait) {
      batch.Notify();
      prepared = Prepare(save.get(), true, worker, &needed);
    }
    if (prepared == SaveJob::Prepared::kNeedsPlan) {
      save->job->Rewind();
      commits_.StopExpecting(save.get());
      if (Suspend(save, needed)) return;
      continue;
    }
    Dispatch dispatch;
    {
      MutexLock lock(mutex_);
      if (prepared == SaveJob::Prepared::kReady) {
        Learn(*save->job);
        save->ready = true;
        // A withdrawn save is in no queue.
        if (save->path_queue == nullptr) {
          dispatch.alone.push_back(save);
        } else {
          DispatchReady(save->path_queue, &dispatch);
        }
      } else {
        Dequeue(save.get(), &dispatch);
        dispatch.failed.push_back(save);
      }
      if (dispatch.alone.empty() && slots_.LeaveThread(save.get())) FillSlots(&dispatch);
    }
    commits_.StopExpecting(save.get());
    if (!dispatch.leaderless.empty()) LetOthersWork(worker);
    RunDispatch(&dispatch, &batch);
    save = std::move(dispatch.next);
  }
}

SaveJob::Prepared Scheduler::Prepare(ScheduledSave* save, bool waits, Workers::Worker* worker,
                                     PlanRequest* needed) {
  SaveJob* const job = save->job.get();
  const auto attempt = [&] {
    const SaveJob::Prepared prepared = job->Prepare(
        &plans_, &unsynced_directories_, [&] { commits_.Expect(save); }, [&] { LetOthersWork(worker); },
        needed);
    // The descriptors may have to come from the saves of the group that would wait for this one.
    if (job->LacksDescriptors()) commits_.StopExpecting(save);
    return prepared;
  };
  const SaveJob::Prepared prepared = attempt();
  return waits && job->LacksDescriptors() ? Retry(job, save->synchronous(), attempt) : prepared;
}

SaveJob::Prepared Scheduler::Open(SaveJob* job, bool synchronous, PlanRequest* needed) {
  const auto attempt = [&] {
    const SaveJob::Prepared prepared = job->Open(&plans_, &unsynced_directories_, needed);
    if (prepared == SaveJob::Prepared::kNeedsPlan) job->Rewind();
    return prepared;
  };
  const SaveJob::Prepared prepared = attempt();
  return job->LacksDescriptors() ? Retry(job, synchronous, attempt) : prepared;
}

// open(2): EMFILE and ENFILE end when any descriptor is closed. One save at a time tries again: if all did,
// each might get one of the two that it needs.
SaveJob::Prepared Scheduler::Retry(SaveJob* job, bool synchronous, FunctionRef<SaveJob::Prepared()> attempt) {
  {
    MutexLock lock(mutex_);
    starving_.push_back(job);
  }
  const Clock::time_point begin = Clock::now();
  const Status lacking = job->outcome().status;
  SaveJob::Prepared prepared = SaveJob::Prepared::kFailed;
  for (;;) {
    // It must not wait with descriptors that another save needs.
    job->Rewind();
    if (!WaitForDescriptors(job, synchronous, begin)) {
      job->FailUnstarted(lacking);
      break;
    }
    prepared = attempt();
    if (!job->LacksDescriptors()) break;
  }
  MutexLock lock(mutex_);
  starving_.remove(job);
  changed_.NotifyAll();
  return prepared;
}

// True: it is the turn of the save to try again.
bool Scheduler::WaitForDescriptors(const SaveJob* job, bool synchronous, Clock::time_point begin) {
  MutexLock lock(mutex_);
  do {
    // While JavaScript's thread waits here, only this scheduler can close descriptors.
    if (job->Cancelled() || (synchronous && Running() == 0)) return false;
    if (Clock::now() > std::max(begin, last_completed_) + kDescriptorTimeout) return false;
    changed_.WaitFor(mutex_, kDescriptorPause);
  } while (starving_.front() != job);
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
  Dispatch dispatch;
  {
    MutexLock lock(mutex_);
    for (const auto& save : saves) {
      commits_.Admit(save.get());
      workers_.Enqueue(save);
    }
    StartWorkers(&dispatch);
  }
  PostDispatch(std::move(dispatch));
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

// The filesystem of the save is known.
void Scheduler::Learn(const SaveJob& job) {
  slots_.Learn(job.request().path, job.filesystem(), job.plan().in_memory);
}

// The save is published or has failed: the saves after it may continue.
void Scheduler::Dequeue(ScheduledSave* save, Dispatch* dispatch) {
  if (save->path_queue == nullptr) return;
  PathQueue* const queue = paths_.Remove(save);
  if (queue != nullptr) DispatchReady(queue, dispatch);
  changed_.NotifyAll();
}

void Scheduler::Withdraw(const SaveJob& job) {
  Dispatch dispatch;
  {
    MutexLock lock(mutex_);
    const std::shared_ptr<ScheduledSave> save = paths_.Find(job);
    // The group of a leader publishes the saves to a path together.
    if (save == nullptr || save->dispatched || save->synchronous() || SaveJob::AllCancelled()) return;
    if (!save->started) {
      if (save->may_start) slots_.Remove(save.get());
      const std::shared_ptr<ScheduledSave> next = paths_.Start(save.get());
      if (save->may_start) EnqueueForSlot(next);
      save->job->Take();
      save->job->FailUnstarted(Status::Failed(Status::Reason::kCancelled, "open", ECANCELED));
      // Not on this thread: to remove what a stream has written may take long.
      dispatch.failed.push_back(save);
    } else if (save->ready) {
      dispatch.alone.push_back(save);
    }
    Dequeue(save.get(), &dispatch);
    FillSlots(&dispatch);
  }
  PostDispatch(std::move(dispatch));
}

// A loop instead of recursion: each save may release the next one.
void Scheduler::RunDispatch(Dispatch* dispatch, Batch* batch) {
  while (!dispatch->empty()) {
    const bool may_wait = !dispatch->failed.empty() || dispatch->alone.empty() ||
                          !dispatch->alone.back()->job->plan().in_memory;
    if (may_wait) batch->Notify();
    if (!dispatch->failed.empty()) {
      const std::shared_ptr<ScheduledSave> save = std::move(dispatch->failed.back());
      dispatch->failed.pop_back();
      Complete(save, dispatch);
    } else if (!dispatch->alone.empty()) {
      const std::shared_ptr<ScheduledSave> save = std::move(dispatch->alone.back());
      dispatch->alone.pop_back();
      PublishAlone(save, dispatch, batch);
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
    Batch batch;
    RunDispatch(shared.get(), &batch);
    batch.Notify();
    Run(std::move(shared->next), nullptr);
  };
  if (!pool_->Post(&run)) run();
}

void Scheduler::PublishAlone(const std::shared_ptr<ScheduledSave>& save, Dispatch* dispatch, Batch* batch) {
  save->job->Publish(false);
  {
    MutexLock lock(mutex_);
    Dequeue(save.get(), dispatch);
  }
  Complete(save, dispatch, batch);
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

void Scheduler::Complete(const std::shared_ptr<ScheduledSave>& save, Dispatch* dispatch, Batch* batch) {
  save->job->Finish(&unsynced_directories_);
  {
    MutexLock lock(mutex_);
    last_completed_ = Clock::now();
    // A save that was withdrawn early has none.
    if (save->slots != nullptr) PassOnSlot(save.get(), dispatch);
    changed_.NotifyAll();
  }
  if (SaveJob::AllCancelled()) return;
  const std::shared_ptr<SaveListener>& listener = save->job->listener();
  // The next save takes over the slot in memory, and this thread.
  const bool more = batch != nullptr && dispatch->next != nullptr;
  listener->Completed(save->job, more);
  if (more) batch->Add(listener);
}

void Scheduler::ShutDown(Clock::time_point deadline) {
  SaveJob::CancelAll();
  // Other saves may wait for suspended ones, whose plans are not provided any more.
  ResumeAll(nullptr);
  MutexLock lock(mutex_);
  while (Running() > 0) {
    if (!changed_.WaitUntil(mutex_, deadline)) return;
  }
}

// Whether every save to their paths before this call of SaveSync is published.
bool Scheduler::AreFirst(const ScheduledSaves& saves) {
  return std::all_of(saves.begin(), saves.end(),
                     [](const auto& save) { return save->path_queue->first->sync_call == save->sync_call; });
}

bool Scheduler::SaveAtOnce(const std::shared_ptr<SaveJob>& job, bool among_many) {
  const std::string& path = job->request().path;
  const auto save = std::make_shared<ScheduledSave>(job, &job);
  {
    MutexLock lock(mutex_);
    if (SaveJob::AllCancelled() || !slots_.IsInMemory(path) || paths_.Has(path)) return false;
    if (among_many && slots_.ThreadsNeedMore()) return false;
    job->Take();
    static_cast<void>(paths_.Append(save));
    static_cast<void>(paths_.Start(save.get()));
  }
  const SaveJob::Prepared prepared = job->PrepareAtOnce(&plans_, unsynced_directories_);
  if (prepared == SaveJob::Prepared::kReady) job->Publish(false);
  Dispatch dispatch;
  {
    MutexLock lock(mutex_);
    Dequeue(save.get(), &dispatch);
  }
  const bool done = prepared != SaveJob::Prepared::kMayWait;
  if (done) {
    job->Finish(&unsynced_directories_);
  } else {
    job->Return();
  }
  PostDispatch(std::move(dispatch));
  return done;
}

std::vector<PlanRequest> Scheduler::SaveSync(std::vector<std::shared_ptr<SaveJob>>* jobs) {
  Dispatch dispatch;
  ScheduledSaves saves;
  {
    MutexLock lock(mutex_);
    for (const std::shared_ptr<SaveJob>& job : *jobs) {
      job->Take();
      saves.push_back(std::make_shared<ScheduledSave>(job, &saves));
      if (paths_.Append(saves.back())) EnqueueForSlot(saves.back());
    }
  }
  std::vector<PlanRequest> needed = WaitUntilFirst(saves, &dispatch);
  if (needed.empty()) needed = RunSync(saves, &dispatch);
  jobs->clear();
  {
    MutexLock lock(mutex_);
    for (const auto& save : saves) {
      // Completed.
      if (save->path_queue == nullptr) continue;
      if (save->may_start && !save->started) EnqueueForSlot(paths_.Start(save.get()));
      Dequeue(save.get(), &dispatch);
      save->job->Return();
      jobs->push_back(save->job);
    }
    FillSlots(&dispatch);
  }
  PostDispatch(std::move(dispatch));
  return needed;
}

// None of the saves has opened a descriptor before it waits, because an earlier save may need it. None has
// started either: the saves behind them would start, and could occupy the slots that earlier saves need.
std::vector<PlanRequest> Scheduler::WaitUntilFirst(const ScheduledSaves& saves, Dispatch* dispatch) {
  std::vector<PlanRequest> needed;
  MutexLock lock(mutex_);
  while (!AreFirst(saves)) {
    suspended_.AddRequests(&needed);
    if (!needed.empty()) return needed;
    changed_.Wait(mutex_);
  }
  for (const auto& save : saves) EnqueueForSlot(paths_.Start(save.get()));
  FillSlots(dispatch);
  return needed;
}

// Both stages of the saves. Completed ones are in no path queue afterwards. Returns the plans that the others
// need.
std::vector<PlanRequest> Scheduler::RunSync(const ScheduledSaves& saves, Dispatch* dispatch) {
  std::vector<PlanRequest> needed;
  ScheduledSaves ready;
  for (const auto& save : saves) {
    SaveJob* const job = save->job.get();
    PlanRequest request;
    SaveJob::Prepared prepared = Prepare(save.get(), ready.empty(), nullptr, &request);
    if (job->LacksDescriptors() && !ready.empty()) {
      job->Rewind();
      // The descriptors of the saves before this one are freed anyway.
      if (!needed.empty()) break;
      CommitSync(&ready, dispatch);
      prepared = Prepare(save.get(), true, nullptr, &request);
    }
    if (prepared == SaveJob::Prepared::kReady) {
      ready.push_back(save);
    } else if (prepared == SaveJob::Prepared::kNeedsPlan) {
      AddRequest(request, &needed);
      job->Rewind();
    } else {
      {
        MutexLock lock(mutex_);
        Dequeue(save.get(), dispatch);
      }
      job->Finish(&unsynced_directories_);
    }
  }
  if (needed.empty()) {
    CommitSync(&ready, dispatch);
  } else {
    for (const auto& save : ready) save->job->Rewind();
  }
  return needed;
}

void Scheduler::CommitSync(ScheduledSaves* ready, Dispatch* dispatch) {
  commits_.Commit(*ready, [&](const ScheduledSaves& renamed) { AfterRename(renamed, dispatch); });
  {
    MutexLock lock(mutex_);
    for (const auto& save : *ready) Learn(*save->job);
  }
  for (const auto& save : *ready) save->job->Finish(&unsynced_directories_);
  ready->clear();
}

}  // namespace indelible
