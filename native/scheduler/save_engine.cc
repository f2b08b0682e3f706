#include "save_engine.h"

#include <errno.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <thread>
#include <utility>

#include "directory_syncs.h"

namespace indelible {

namespace {

// Small saves between their start and their completion. Each holds two or three descriptors.
constexpr size_t kSmallPlaces = 256;
constexpr size_t kLargePlaces = 4;

// Saves to memory wait for nothing but the processor and the directory's lock: more of them at a time only
// wait for each other. 64 at once on two processors: 32 threads 37 us a save, 2 to 4 threads 22 us, 1 thread
// 31 us.
size_t ProcessorCount() { return std::max(2U, std::thread::hardware_concurrency()); }

// Larger saves have places of their own, so that a few of them don't hold up the small ones.
constexpr size_t kLarge = size_t{1} << 20;

// A leader that goes on collecting must come to its sync at some time.
constexpr size_t kLargestGroup = 1024;

// How long stage 1 waits for descriptors that other saves, or the rest of the program, give back; a pause
// ends early when a save of this engine completes.
constexpr std::chrono::seconds kDescriptorPatience(5);
constexpr std::chrono::milliseconds kDescriptorPause(20);

}  // namespace

SaveEngine::SaveEngine(WorkerPool* pool)
    : pool_(pool), small_(kSmallPlaces), large_(kLargePlaces), in_memory_(ProcessorCount()) {}

void SaveEngine::Submit(std::shared_ptr<SaveJob> job) {
  job->Enter(Stage::kQueue);
  Dispatch dispatch;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (order_.Append(job)) Admit(std::move(job), &dispatch);
  }
  CarryElsewhere(std::move(dispatch));
}

SaveEngine::Places& SaveEngine::PlacesOf(SaveJob::Place place) {
  switch (place) {
    case SaveJob::Place::kLarge:
      return large_;
    case SaveJob::Place::kInMemory:
      return in_memory_;
    case SaveJob::Place::kSmall:
      break;
  }
  return small_;
}

// The save joins those that wait for a place of its kind.
SaveEngine::Places& SaveEngine::Queue(std::shared_ptr<SaveJob> job) {
  const SaveRequest& request = job->request();
  job->place = job->size() > kLarge                            ? SaveJob::Place::kLarge
               : memory_directories_.HasParentOf(request.path) ? SaveJob::Place::kInMemory
                                                               : SaveJob::Place::kSmall;
  Places& places = PlacesOf(job->place);
  places.waiting.push_back(std::move(job));
  return places;
}

// The save waits for a place, and starts when it has one.
void SaveEngine::Admit(std::shared_ptr<SaveJob> job, Dispatch* dispatch) {
  // A synchronous save has a thread of its own and takes no place.
  while (job != nullptr && job->synchronous) job = order_.Start(job.get());
  if (job == nullptr) return;
  Fill(&Queue(std::move(job)), dispatch);
}

void SaveEngine::Fill(Places* places, Dispatch* dispatch) {
  std::set<Places*> others;
  while (places->taken < places->most && !places->waiting.empty() && !SaveJob::AllCancelled()) {
    ++places->taken;
    ++running_;
    const std::shared_ptr<SaveJob> job = TakeWaiting(places, &others);
    Task run = [this, job] { Run(job); };
    if (!pool_->Post(&run)) {
      job->FailUnstarted();
      Leave(job.get(), dispatch);
      dispatch->failed.push_back(job);
    }
  }
  for (Places* other : others) Fill(other, dispatch);
}

// The next save that gets a place. The one behind it on its path queues up like any other, so that a flood to
// one path does not starve the rest.
std::shared_ptr<SaveJob> SaveEngine::TakeWaiting(Places* places, std::set<Places*>* others) {
  std::shared_ptr<SaveJob> job = std::move(places->waiting.front());
  places->waiting.pop_front();
  std::shared_ptr<SaveJob> next = order_.Start(job.get());
  while (next != nullptr && next->synchronous) next = order_.Start(next.get());
  if (next != nullptr) {
    Places& its = Queue(std::move(next));
    if (&its != places) others->insert(&its);
  }
  return job;
}

// The place of a completed save goes to the next one.
void SaveEngine::PassOnPlace(SaveJob::Place place, Dispatch* dispatch) {
  Places& places = PlacesOf(place);
  // To memory a save takes no longer than waking another thread for the next one would.
  if (place == SaveJob::Place::kInMemory && dispatch->next == nullptr && !places.waiting.empty() &&
      !SaveJob::AllCancelled()) {
    std::set<Places*> others;
    dispatch->next = TakeWaiting(&places, &others);
    for (Places* other : others) Fill(other, dispatch);
    return;
  }
  --places.taken;
  --running_;
  Fill(&places, dispatch);
}

// Called by stage 1 when it knows where the save goes.
void SaveEngine::Await(SaveJob* job) {
  if (job->synchronous || !job->plan().sync_directory || job->size() > kLarge) return;
  std::lock_guard<std::mutex> lock(mutex_);
  job->awaited = true;
  job->awaited_on = job->filesystem();
  ++commits_[job->awaited_on].awaited;
}

void SaveEngine::StopAwaiting(SaveJob* job) {
  if (!job->awaited) return;
  job->awaited = false;
  --commits_[job->awaited_on].awaited;
  prepared_.notify_all();
}

// Stage 1, on a thread of the pool, and what follows from it.
void SaveEngine::Run(std::shared_ptr<SaveJob> job) {
  while (job != nullptr) {
    const SaveJob::Prepared prepared = PrepareWithDescriptors(job.get());
    if (prepared == SaveJob::Prepared::kUndecided) return Park(job);
    Dispatch dispatch;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (prepared == SaveJob::Prepared::kReady) {
        memory_directories_.Learn(job->request().path, !job->plan().close_may_fail);
        job->ready = true;
        Advance(job->path_queue, &dispatch);
      } else {
        Leave(job.get(), &dispatch);
        dispatch.failed.push_back(job);
      }
      StopAwaiting(job.get());
    }
    Carry(&dispatch);
    job = std::move(dispatch.next);
  }
}

SaveJob::Prepared SaveEngine::PrepareWithDescriptors(SaveJob* job) {
  return WithDescriptors(
      job, [&] { return job->Prepare(&plans_, &fresh_directories_, [this, job] { Await(job); }); });
}

SaveJob::Prepared SaveEngine::Open(SaveJob* job) {
  const SaveJob::Prepared prepared =
      WithDescriptors(job, [&] { return job->Open(&plans_, &fresh_directories_); });
  if (prepared == SaveJob::Prepared::kUndecided) {
    job->listener()->Undecided(job->filesystem(), job->directory().path, job->undecided_generation());
    job->Rewind();
  }
  return prepared;
}

// open(2): EMFILE and ENFILE pass when somebody closes something, so they are waited out.
SaveJob::Prepared SaveEngine::WithDescriptors(SaveJob* job, FunctionRef<SaveJob::Prepared()> attempt) {
  const auto give_up = std::chrono::steady_clock::now() + kDescriptorPatience;
  for (;;) {
    const SaveJob::Prepared prepared = attempt();
    if (!job->LacksDescriptors() || job->Cancelled() || std::chrono::steady_clock::now() > give_up)
      return prepared;
    std::unique_lock<std::mutex> lock(mutex_);
    // The descriptors may have to come from the saves of the group that would wait for it.
    StopAwaiting(job);
    // On JavaScript's own thread only this engine can close anything meanwhile.
    if (job->synchronous && running_ == 0) return prepared;
    moved_.wait_for(lock, kDescriptorPause);
    lock.unlock();
    job->Rewind();
  }
}

void SaveEngine::Park(const std::shared_ptr<SaveJob>& job) {
  const FilesystemId filesystem = job->filesystem();
  const std::string directory = job->directory().path;
  const uint64_t generation = job->undecided_generation();
  job->Rewind();
  bool asked = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    // Whoever cancelled it has no answer to give any more.
    if (job->Cancelled()) return RunOnPool(job);
    Jobs& parked = parked_[filesystem];
    asked = std::any_of(parked.begin(), parked.end(),
                        [&](const auto& other) { return other->listener() == job->listener(); });
    job->parked = true;
    --running_;
    parked.push_back(job);
    moved_.notify_all();
  }
  if (!asked) job->listener()->Undecided(filesystem, directory, generation);
}

void SaveEngine::Decide(const FilesystemId& filesystem, uint64_t generation, const Decision& decision) {
  plans_.Set(filesystem, generation, decision);
  Jobs released;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = parked_.find(filesystem);
    if (found == parked_.end()) return;
    released = std::move(found->second);
    parked_.erase(found);
    for (const std::shared_ptr<SaveJob>& job : released) job->parked = false;
    running_ += released.size();
  }
  // They have kept their places, and with them the right to a thread.
  for (const std::shared_ptr<SaveJob>& job : released) RunOnPool(job);
}

void SaveEngine::ReleaseParked(const SaveListener* listener) {
  Jobs released;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [filesystem, parked] : parked_) {
      const auto others = std::stable_partition(parked.begin(), parked.end(), [&](const auto& job) {
        return listener != nullptr && job->listener().get() != listener;
      });
      released.insert(released.end(), others, parked.end());
      parked.erase(others, parked.end());
    }
    for (const std::shared_ptr<SaveJob>& job : released) job->parked = false;
    running_ += released.size();
  }
  for (const std::shared_ptr<SaveJob>& job : released) RunOnPool(job);
}

void SaveEngine::RunOnPool(const std::shared_ptr<SaveJob>& job) {
  Task run = [this, job] { Run(job); };
  if (!pool_->Post(&run)) run();
}

// Finds which saves of the path may be published now: the first if it is ready, and those behind it that will
// share a commit with it, since a commit publishes in order.
void SaveEngine::Advance(PathQueue* queue, Dispatch* dispatch) {
  const SaveJob* before = nullptr;
  for (std::shared_ptr<SaveJob> job = queue->first; job != nullptr;
       before = job.get(), job = job->next_on_path) {
    if (job->dispatched) continue;
    if (!job->ready) return;
    const bool shares = before == nullptr || (before->plan().sync_directory && !before->synchronous &&
                                              before->filesystem() == job->filesystem());
    if (!shares) return;
    if (job->synchronous) {
      if (before == nullptr) moved_.notify_all();
      return;
    }
    if (job->plan().sync_directory) {
      job->dispatched = true;
      CommitQueue& commit = commits_[job->filesystem()];
      commit.waiting.push_back(job);
      if (!commit.led) {
        commit.led = true;
        dispatch->leaderless.push_back(job->filesystem());
      }
    } else {
      if (before != nullptr) return;
      job->dispatched = true;
      dispatch->alone.push_back(job);
      return;
    }
  }
}

// The save is published or has failed: those behind it may go on.
void SaveEngine::Leave(SaveJob* job, Dispatch* dispatch) {
  PathQueue* const queue = order_.Remove(job);
  if (queue != nullptr) Advance(queue, dispatch);
  moved_.notify_all();
}

// A loop instead of recursion: each save may let the next one go.
void SaveEngine::Carry(Dispatch* dispatch) {
  while (!dispatch->empty()) {
    if (!dispatch->failed.empty()) {
      const std::shared_ptr<SaveJob> job = std::move(dispatch->failed.back());
      dispatch->failed.pop_back();
      Complete(job, dispatch);
    } else if (!dispatch->alone.empty()) {
      const std::shared_ptr<SaveJob> job = std::move(dispatch->alone.back());
      dispatch->alone.pop_back();
      PublishAlone(job, dispatch);
    } else {
      const FilesystemId filesystem = dispatch->leaderless.back();
      dispatch->leaderless.pop_back();
      Lead(filesystem, dispatch);
    }
  }
}

// For JavaScript's own thread, which must not wait for other saves' disks.
void SaveEngine::CarryElsewhere(Dispatch dispatch) {
  if (dispatch.empty() && dispatch.next == nullptr) return;
  const auto shared = std::make_shared<Dispatch>(std::move(dispatch));
  Task carry = [this, shared] {
    Carry(shared.get());
    Run(std::move(shared->next));
  };
  if (!pool_->Post(&carry)) carry();
}

void SaveEngine::PublishAlone(const std::shared_ptr<SaveJob>& job, Dispatch* dispatch) {
  job->Publish(false);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    Leave(job.get(), dispatch);
  }
  Complete(job, dispatch);
}

// Stage 2, on the thread whose save found nobody leading.
void SaveEngine::Lead(const FilesystemId& filesystem, Dispatch* dispatch) {
  for (;;) {
    Jobs group;
    const Clock::time_point patience = Clock::now() + Patience(filesystem);
    // What becomes ready while the others are renamed still joins.
    for (Jobs ready = TakeReady(filesystem, patience); !ready.empty();
         ready = TakeReady(filesystem, patience)) {
      PublishInOrder(ready, dispatch);
      group.insert(group.end(), ready.begin(), ready.end());
      if (group.size() >= kLargestGroup) break;
    }
    if (group.empty()) {
      std::lock_guard<std::mutex> lock(mutex_);
      CommitQueue& commit = commits_[filesystem];
      if (!commit.waiting.empty()) continue;
      commit.led = false;
      return;
    }
    Jobs published;
    std::copy_if(group.begin(), group.end(), std::back_inserter(published),
                 [](const auto& job) { return job->outcome().published; });
    const Clock::time_point begin = Clock::now();
    SyncDirectories(published, pool_);
    Timed(filesystem, Clock::now() - begin);
    for (const std::shared_ptr<SaveJob>& job : group) Complete(job, dispatch);
  }
}

// How long it pays to wait for others: as long as a commit of their own would take them. The shorter one of
// the last two, so that one hiccup of the disk does not count. On a disk with a 5 ms flush this took 64 saves
// at once from 560 to 370 us each, 16 from 1,640 to 890 us, 4 from 5.9 to 3.1 ms (ext4; XFS is alike).
SaveEngine::Clock::duration SaveEngine::Patience(const FilesystemId& filesystem) {
  std::lock_guard<std::mutex> lock(mutex_);
  const CommitQueue& commit = commits_[filesystem];
  return std::min(commit.last_took, commit.one_before_took);
}

void SaveEngine::Timed(const FilesystemId& filesystem, Clock::duration took) {
  std::lock_guard<std::mutex> lock(mutex_);
  CommitQueue& commit = commits_[filesystem];
  commit.one_before_took = std::exchange(commit.last_took, took);
}

// The saves of the filesystem that are ready. Waits for one while any is in stage 1, but no longer than
// until `patience` ends.
SaveEngine::Jobs SaveEngine::TakeReady(const FilesystemId& filesystem, Clock::time_point patience) {
  Jobs ready;
  std::unique_lock<std::mutex> lock(mutex_);
  CommitQueue& commit = commits_[filesystem];
  prepared_.wait_until(lock, patience, [&] { return !commit.waiting.empty() || commit.awaited == 0; });
  ready.swap(commit.waiting);
  return ready;
}

// Renames what is to be renamed, in order. Of several saves in a row to one path only the last is, if nobody
// can tell the difference; should its rename fail, the one before it takes its place.
void SaveEngine::PublishInOrder(const Jobs& jobs, Dispatch* dispatch) {
  std::map<const PathQueue*, std::vector<SaveJob*>> by_path;
  for (const std::shared_ptr<SaveJob>& job : jobs) by_path[job->path_queue].push_back(job.get());
  for (const auto& [path, saves] : by_path) {
    // From each save that is renamed back to the next one that has to be.
    for (size_t begin = 0; begin < saves.size();) {
      size_t last = begin;
      while (last + 1 < saves.size() && saves[last + 1]->Supersedes(*saves[last])) ++last;
      bool seen = false;
      for (size_t i = last + 1; i-- > begin;) {
        if (seen) {
          saves[i]->PublishUnseen();
        } else {
          seen = saves[i]->Publish(i > begin);
        }
      }
      begin = last + 1;
    }
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const std::shared_ptr<SaveJob>& job : jobs) Leave(job.get(), dispatch);
  }
  // Saves that sync nothing don't wait for this group's sync.
  while (!dispatch->alone.empty()) {
    const std::shared_ptr<SaveJob> job = std::move(dispatch->alone.back());
    dispatch->alone.pop_back();
    PublishAlone(job, dispatch);
  }
}

void SaveEngine::Complete(const std::shared_ptr<SaveJob>& job, Dispatch* dispatch) {
  job->Finish(&fresh_directories_);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    PassOnPlace(job->place, dispatch);
    moved_.notify_all();
  }
  if (!SaveJob::AllCancelled()) job->listener()->Completed(job);
}

void SaveEngine::ShutDown() {
  SaveJob::CancelAll();
  // Others may wait behind them, for decisions that nobody makes any more.
  ReleaseParked(nullptr);
  std::unique_lock<std::mutex> lock(mutex_);
  moved_.wait(lock, [this] { return running_ == 0; });
}

// Whether an earlier save to the path waits for a decision that only this listener's thread can give.
bool SaveEngine::EarlierIsParked(const SaveJob& job) const {
  for (const SaveJob* other = job.path_queue->first.get(); other != &job; other = other->next_on_path.get()) {
    if (other->parked && other->listener() == job.listener()) return true;
  }
  return false;
}

// Whether every save to the path that was called before this call is published. While a listener's thread is
// in SaveSync, all of its synchronous saves are of this one call.
bool SaveEngine::IsNext(const SaveJob& job) const {
  const SaveJob& first = *job.path_queue->first;
  return &first == &job || (first.synchronous && first.listener() == job.listener());
}

bool SaveEngine::SaveSync(const Jobs& jobs) {
  Dispatch dispatch;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const std::shared_ptr<SaveJob>& job : jobs) {
      job->synchronous = true;
      if (order_.Append(job)) Admit(job, &dispatch);
    }
  }
  bool decided = true;
  Jobs ready;
  for (const std::shared_ptr<SaveJob>& job : jobs) {
    const SaveJob::Prepared prepared = PrepareWithDescriptors(job.get());
    if (prepared == SaveJob::Prepared::kReady) ready.push_back(job);
    if (prepared == SaveJob::Prepared::kUndecided) {
      job->listener()->Undecided(job->filesystem(), job->directory().path, job->undecided_generation());
      decided = false;
      break;
    }
  }
  if (decided) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto all_next = [&] {
      return std::all_of(ready.begin(), ready.end(), [&](const auto& job) { return IsNext(*job); });
    };
    moved_.wait(lock, [&] {
      decided =
          std::none_of(ready.begin(), ready.end(), [&](const auto& job) { return EarlierIsParked(*job); });
      return !decided || all_next();
    });
  }
  if (decided) {
    PublishInOrder(ready, &dispatch);
    Jobs published;
    std::copy_if(ready.begin(), ready.end(), std::back_inserter(published),
                 [](const auto& job) { return job->outcome().published && job->plan().sync_directory; });
    SyncDirectories(published, pool_);
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const std::shared_ptr<SaveJob>& job : jobs) {
      if (job->path_queue != nullptr) Leave(job.get(), &dispatch);
    }
  }
  CarryElsewhere(std::move(dispatch));
  for (const std::shared_ptr<SaveJob>& job : jobs) {
    // Opened ones cannot be made anew.
    if (decided || !job->opened()) job->Finish(&fresh_directories_);
  }
  return decided;
}

}  // namespace indelible
