#include "environment.h"

#include <string>
#include <utility>

#include "../platform/platform.h"

namespace indelible {

namespace {

// As many stage-1 threads as may wait in the kernel at once. Measured with 64 saves at once on a disk with a
// 5 ms flush (bench/concurrency.ts): 8, 16, 32 and 64 threads differ by less than the noise, 350 to 450 us a
// save on ext4; the saves of many disks, of which one may hang, want more rather than fewer.
constexpr size_t kMostThreads = 32;

const char* NameOf(Status::Reason reason) {
  switch (reason) {
    case Status::Reason::kSystemCall:
      return "system";
    case Status::Reason::kNotAFile:
      return "not-a-file";
    case Status::Reason::kNotASymlink:
      return "not-a-symlink";
    case Status::Reason::kNotADirectory:
      return "not-a-directory";
    case Status::Reason::kMountPoint:
      return "mount-point";
    case Status::Reason::kNotDurable:
      return "not-durable";
    case Status::Reason::kUnsupported:
      return "unsupported";
    case Status::Reason::kNoLock:
      return "no-lock";
    case Status::Reason::kChanged:
      return "changed";
    case Status::Reason::kCannotKeep:
      return "cannot-keep";
    case Status::Reason::kSamePath:
      return "same-path";
    case Status::Reason::kCancelled:
      return "cancelled";
  }
  return "system";
}

Napi::Value UntimedValue(Napi::Env env, const SaveOutcome& outcome) {
  if (!outcome.status.ok()) return FailureValue(env, outcome.status, outcome.published);
  const uint32_t flags = (outcome.replaced ? 1U : 0U) | static_cast<uint32_t>(outcome.durability) << 1 |
                         static_cast<uint32_t>(outcome.protocol) << 3;
  return Napi::Number::New(env, static_cast<double>(outcome.bytes) * 32.0 + flags);
}

// Paths are bytes; JavaScript decides how to show them.
Napi::Value PathValue(Napi::Env env, const std::string& path) {
  const std::string bytes = platform::SystemPath(path);
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

}  // namespace

ThreadPool& SharedPool() {
  // A worker's end unloads what it has loaded, and the idle threads still run it.
  static const bool staying = (platform::StayLoaded(), true);
  static_cast<void>(staying);
  static ThreadPool& pool = *new ThreadPool(kMostThreads);
  return pool;
}

Scheduler& SharedScheduler() {
  static Scheduler& scheduler = *new Scheduler(&SharedPool());
  // process.exit() runs no cleanup hook of the main environment (node::ReallyExit), only exit(3)'s. Without
  // it a save that is under way then may leave its temporary to the next sweep, which is no reason to fail.
  static const bool registered = platform::AtExit([] {
    SharedScheduler().ShutDown();
    SharedStreamingSaves().ShutDown();
  });
  static_cast<void>(registered);
  return scheduler;
}

StreamingSaves& SharedStreamingSaves() {
  static StreamingSaves& saves = *new StreamingSaves(&SharedScheduler());
  return saves;
}

std::shared_ptr<Environment> Environment::Create(Napi::Env env) {
  std::shared_ptr<Environment> self(new Environment());
  self->wake_ = Wake::New(env, "indelible", 0, 1, self.get());
  self->wake_.Unref(env);
  // Cleanup hooks run in reverse order: this one before the thread-safe function's own.
  env.AddCleanupHook([self] { self->TearDown(); });
  env.SetInstanceData(new std::shared_ptr<Environment>(self));
  return self;
}

Environment& Environment::Of(Napi::Env env) { return **env.GetInstanceData<std::shared_ptr<Environment>>(); }

Napi::Value Environment::Promise(Napi::Env env, uint64_t ticket, Napi::Object data,
                                 std::shared_ptr<SaveJob> job) {
  // Not Napi::Promise::Deferred: where no promise can be made, in a worker that is being terminated, its
  // members stay uninitialised, and JavaScript would be handed whatever stands there.
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) return Napi::Value();
  if (pending_.empty()) wake_.Ref(env);
  pending_.emplace(
      ticket,
      Pending{deferred, data.IsEmpty() ? Napi::ObjectReference() : Napi::Persistent(data), std::move(job)});
  MutexLock lock(mutex_);
  ++live_;
  return Napi::Value(env, promise);
}

Napi::Value Environment::Save(Napi::Env env, SaveRequest request, Napi::Object data, uint64_t ticket) {
  auto job = std::make_shared<SaveJob>(std::move(request), shared_from_this(), ticket);
  const Napi::Value promise = Promise(env, ticket, data, job);
  if (promise.IsEmpty()) return promise;
  SharedScheduler().Submit(std::move(job));
  return promise;
}

void Environment::Cancel(uint64_t ticket) {
  const auto found = pending_.find(ticket);
  if (found != pending_.end() && found->second.job != nullptr) found->second.job->Cancel();
  const auto open = open_.find(ticket);
  if (open != open_.end()) open->second->Cancel();
}

Napi::Value Environment::OpenSave(Napi::Env env, SaveRequest request, uint64_t ticket, Form form) {
  std::shared_ptr<SaveJob>& open = open_[ticket];
  if (open == nullptr) {
    open = std::make_shared<SaveJob>(std::move(request), shared_from_this(), ticket);
  }
  return Call(env, form, [job = open, form]() -> Answer {
    PlanRequest needed;
    switch (SharedStreamingSaves().Open(job, form == Form::kSynchronous, &needed)) {
      case SaveJob::Prepared::kReady:
        return [](Napi::Env its) -> Napi::Value { return Napi::Number::New(its, 0); };
      case SaveJob::Prepared::kNeedsPlan:
        job->listener()->NeedsPlan(needed);
        return [](Napi::Env its) -> Napi::Value { return its.Null(); };
      case SaveJob::Prepared::kFailed:
        break;
    }
    return [job](Napi::Env its) { return FailureValue(its, job->outcome().status, false); };
  });
}

Napi::Value Environment::AppendToSave(Napi::Env env, uint64_t ticket, Napi::Uint8Array data, Form form) {
  const uint8_t* const bytes = data.Data();
  const size_t size = data.ByteLength();
  auto append = [job = open_.at(ticket), bytes, size]() -> Answer {
    return [status = SharedStreamingSaves().Append(job.get(), bytes, size)](Napi::Env its) -> Napi::Value {
      if (!status.ok()) return FailureValue(its, status, false);
      return Napi::Number::New(its, 0);
    };
  };
  return Call(env, form, std::move(append), data);
}

Napi::Value Environment::FinishSave(Napi::Env env, uint64_t ticket, Form form) {
  std::shared_ptr<SaveJob> job = open_.at(ticket);
  if (form == Form::kSynchronous) {
    if (!SaveNow({job})) return env.Null();
    open_.erase(ticket);
    return OutcomeValue(env, *job);
  }
  const Napi::Value promise = Promise(env, ticket, Napi::Object(), job);
  if (promise.IsEmpty()) return promise;
  open_.erase(ticket);
  SharedScheduler().Submit(std::move(job));
  return promise;
}

Napi::Value Environment::AbandonSave(Napi::Env env, uint64_t ticket, Form form) {
  const std::shared_ptr<SaveJob> job = std::move(open_.at(ticket));
  open_.erase(ticket);
  return Call(env, form, [job]() -> Answer {
    // Freeing a large file's blocks takes its time.
    SharedStreamingSaves().Abandon(job.get());
    return [job](Napi::Env its) { return StagesValue(its, *job); };
  });
}

Napi::Value Environment::OpenTemporary(Napi::Env env, SaveRequest request, uint64_t ticket, bool insist,
                                       Form form) {
  const auto file = std::make_shared<TemporaryFile>();
  temporaries_[ticket] = file;
  return Call(env, form, [file, request = std::move(request), insist]() -> Answer {
    Status status;
    switch (file->Open(request, &SharedScheduler().plans(), insist, &status)) {
      case TemporaryFile::Opened::kReady:
        return [file](Napi::Env its) -> Napi::Value {
          const double descriptor = static_cast<double>(file->temporary().file().get());
          return Napi::Number::New(its, descriptor * 2 + (file->unnamed() ? 1 : 0));
        };
      case TemporaryFile::Opened::kUndecided:
        return [file](Napi::Env its) -> Napi::Value {
          return QuestionValue(
              its, PlanRequest{file->filesystem(), file->directory().path, file->undecided_generation()});
        };
      case TemporaryFile::Opened::kFailed:
        break;
    }
    return [status = std::move(status)](Napi::Env its) { return FailureValue(its, status, false); };
  });
}

Napi::Value Environment::PublishTemporary(Napi::Env env, SaveRequest request, uint64_t ticket,
                                          uint64_t temporary, Form form) {
  auto job = std::make_shared<SaveJob>(std::move(request), shared_from_this(), ticket);
  job->Adopt(temporaries_.at(temporary));
  if (form == Form::kSynchronous) {
    if (!SaveNow({job})) return env.Null();
    return OutcomeValue(env, *job);
  }
  const Napi::Value promise = Promise(env, ticket, Napi::Object(), job);
  if (promise.IsEmpty()) return promise;
  SharedScheduler().Submit(std::move(job));
  return promise;
}

Napi::Value Environment::CloseTemporary(Napi::Env env, uint64_t ticket, Form form) {
  const auto found = temporaries_.find(ticket);
  if (found == temporaries_.end()) return Napi::Number::New(env, 0);
  std::shared_ptr<TemporaryFile> file = std::move(found->second);
  temporaries_.erase(found);
  return Call(env, form, [file = std::move(file)]() mutable -> Answer {
    // Freeing a large file's blocks takes its time.
    file.reset();
    return [](Napi::Env its) -> Napi::Value { return Napi::Number::New(its, 0); };
  });
}

Napi::Value Environment::Call(Napi::Env env, Form form, Work work, Napi::Object data) {
  return form == Form::kSynchronous ? work()(env) : Run(env, std::move(work), data);
}

bool Environment::SaveNow(const std::vector<std::shared_ptr<SaveJob>>& jobs) {
  const std::vector<PlanRequest> needed = SharedScheduler().SaveSync(jobs);
  for (const PlanRequest& request : needed) NeedsPlan(request);
  return needed.empty();
}

Napi::Value Environment::SaveSync(Napi::Env env, std::vector<SaveRequest> requests) {
  std::vector<std::shared_ptr<SaveJob>> jobs;
  jobs.reserve(requests.size());
  for (SaveRequest& request : requests) {
    jobs.push_back(std::make_shared<SaveJob>(std::move(request), shared_from_this(), 0));
  }
  if (!SaveNow(jobs)) return env.Null();
  // A single save is what most calls are for, and an array costs as much as one of its system calls.
  if (jobs.size() == 1) return OutcomeValue(env, *jobs.front());
  Napi::Array outcomes = Napi::Array::New(env, jobs.size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    outcomes.Set(static_cast<uint32_t>(i), OutcomeValue(env, *jobs[i]));
  }
  return outcomes;
}

Napi::Value Environment::Run(Napi::Env env, Work work, Napi::Object data) {
  const uint64_t ticket = next_ticket_++;
  const Napi::Value promise = Promise(env, ticket, data, nullptr);
  if (promise.IsEmpty()) return promise;
  const std::shared_ptr<Environment> self = shared_from_this();
  Task run = [self, ticket, work = std::move(work)]() mutable {
    Answer answer = work();
    // Before JavaScript hears of it: what it closes next must not be held open here.
    work = Work();
    self->Push(Answered{ticket, std::move(answer)});
  };
  if (!SharedPool().Post(&run)) run();
  return promise;
}

void Environment::Completed(std::shared_ptr<SaveJob> job) {
  const uint64_t ticket = job->ticket();
  Push(Answered{ticket, [job = std::move(job)](Napi::Env env) { return OutcomeValue(env, *job); }});
}

void Environment::Push(Answered answered) {
  MutexLock lock(mutex_);
  const bool was_empty = answered_.empty() && questions_.empty();
  answered_.push_back(std::move(answered));
  WakeUp(was_empty);
  // Last: TearDown waits for this, and takes the thread-safe function away.
  --live_;
  settled_.NotifyAll();
}

void Environment::NeedsPlan(const PlanRequest& request) {
  MutexLock lock(mutex_);
  const bool was_empty = answered_.empty() && questions_.empty();
  questions_.push_back(request);
  WakeUp(was_empty);
}

void Environment::WakeUp(bool was_empty) {
  // Fails only when the environment is being torn down, where nobody is left to hear of it.
  if (was_empty && !torn_down_) static_cast<void>(wake_.NonBlockingCall());
}

void Environment::Deliver(Napi::Env env, Napi::Function, Environment* self, void*) {
  // Without an environment the queue is only being emptied.
  if (static_cast<napi_env>(env) != nullptr) self->DeliverAll(env);
}

void Environment::DeliverAll(Napi::Env env) {
  const Napi::HandleScope scope(env);
  std::vector<Answered> answered;
  std::vector<PlanRequest> questions;
  {
    // Both at once: whoever adds to either wakes this thread only if there was nothing in the two.
    MutexLock lock(mutex_);
    answered.swap(answered_);
    questions.swap(questions_);
  }
  for (const Answered& one : answered) {
    const Napi::HandleScope each(env);
    const auto found = pending_.find(one.ticket);
    if (found == pending_.end()) continue;
    const napi_deferred deferred = found->second.deferred;
    pending_.erase(found);
    // Fails only in a worker that is being terminated, where nobody waits for it any more.
    static_cast<void>(napi_resolve_deferred(env, deferred, one.answer(env)));
  }
  if (pending_.empty()) wake_.Unref(env);
  if (!questions.empty() && !decider_.IsEmpty()) decider_.Call({QuestionsValue(env, questions)});
}

Napi::Value Environment::TakeUndecided(Napi::Env env) {
  std::vector<PlanRequest> questions;
  {
    MutexLock lock(mutex_);
    questions.swap(questions_);
  }
  return QuestionsValue(env, questions);
}

Napi::Value Environment::QuestionsValue(Napi::Env env, const std::vector<PlanRequest>& questions) {
  Napi::Array array = Napi::Array::New(env, questions.size());
  for (size_t i = 0; i < questions.size(); ++i)
    array.Set(static_cast<uint32_t>(i), QuestionValue(env, questions[i]));
  return array;
}

void Environment::TakeBack() {
  for (auto& [ticket, pending] : pending_) {
    if (pending.job != nullptr) pending.job->Cancel();
  }
  for (auto& [ticket, job] : open_) job->Cancel();
  SharedScheduler().ResumeAll(this);
  {
    // The data belongs to JavaScript, which is about to go: no thread may be reading it any more.
    MutexLock lock(mutex_);
    while (live_ > 0) settled_.Wait(mutex_);
    answered_.clear();
  }
  for (auto& [ticket, job] : open_) SharedStreamingSaves().Abandon(job.get());
  open_.clear();
}

void Environment::TearDown() {
  TakeBack();
  pending_.clear();
  updates_.clear();
  temporaries_.clear();
  handles_.CloseAll();
  decider_.Reset();
  {
    MutexLock lock(mutex_);
    torn_down_ = true;
  }
  wake_.Abort();
}

Napi::Value OutcomeValue(Napi::Env env, const SaveJob& job) {
  const Napi::Value value = UntimedValue(env, job.outcome());
  if (job.times() == nullptr) return value;
  Napi::Object timed = Napi::Object::New(env);
  timed.Set("outcome", value);
  timed.Set("stages", StagesValue(env, job));
  return timed;
}

Napi::Value StagesValue(Napi::Env env, const SaveJob& job) {
  const StageTimes* const times = job.times();
  if (times == nullptr) return Napi::Number::New(env, 0);
  Napi::Array stages = Napi::Array::New(env, kStages);
  for (size_t i = 0; i < kStages; ++i) {
    stages.Set(static_cast<uint32_t>(i), Napi::Number::New(env, times->Nanoseconds(i)));
  }
  return stages;
}

Napi::Value FailureValue(Napi::Env env, const Status& status, bool published) {
  Napi::Object failure = Napi::Object::New(env);
  failure.Set("reason", Napi::String::New(env, NameOf(status.reason())));
  failure.Set("errno", Napi::Number::New(env, status.error()));
  failure.Set("syscall", Napi::String::New(env, status.syscall()));
  failure.Set("published", Napi::Boolean::New(env, published));
  if (!status.path().empty()) failure.Set("path", PathValue(env, status.path()));
  if (!status.dest().empty()) failure.Set("dest", PathValue(env, status.dest()));
  return failure;
}

Napi::Value QuestionValue(Napi::Env env, const PlanRequest& question) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("major", Napi::Number::New(env, question.filesystem.major));
  value.Set("minor", Napi::Number::New(env, question.filesystem.minor));
  value.Set("mountId", Napi::Number::New(env, static_cast<double>(question.filesystem.mount)));
  value.Set("directory", PathValue(env, question.directory));
  value.Set("generation", Napi::Number::New(env, static_cast<double>(question.generation)));
  value.Set("syncs", Napi::Number::New(env, question.syncs));
  return value;
}

}  // namespace indelible
