#include "environment.h"

#include <chrono>
#include <utility>

#include "../base/parent_path.h"
#include "process.h"

namespace indelible {

std::shared_ptr<Environment> Environment::Create(Napi::Env env) {
  std::shared_ptr<Environment> self(new Environment());
  self->wake_ = Wake::New(env, "indelible", 0, 1, self.get());
  self->wake_.Unref(env);
  // Cleanup hooks run in reverse order, so this one runs before that of the thread-safe function.
  env.AddCleanupHook([self] { self->TearDown(); });
  env.SetInstanceData(new std::shared_ptr<Environment>(self));
  return self;
}

Environment& Environment::Of(Napi::Env env) { return **env.GetInstanceData<std::shared_ptr<Environment>>(); }

Napi::Value Environment::Promise(Napi::Env env, uint64_t number, Napi::Object data,
                                 std::shared_ptr<SaveJob> job, bool live) {
  // Not Napi::Promise::Deferred: in a worker that is being terminated no promise can be made, its members
  // stay uninitialised, and JavaScript would get an arbitrary value.
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) return Napi::Value();
  if (MayEnd()) wake_.Ref(env);
  pending_.emplace(
      number,
      Pending{deferred, data.IsEmpty() ? Napi::ObjectReference() : Napi::Persistent(data), std::move(job)});
  MutexLock lock(mutex_);
  if (live) ++live_;
  return Napi::Value(env, promise);
}

std::shared_ptr<SaveJob> Environment::JobOf(SaveArguments* arguments, uint64_t number) {
  auto job = std::make_shared<SaveJob>(std::move(arguments->request), shared_from_this(), number);
  if (arguments->temporary != nullptr) job->Adopt(std::move(arguments->temporary));
  if (arguments->uses_default_plan) job->UseDefaultPlan();
  return job;
}

Napi::Value Environment::Submit(Napi::Env env, uint64_t number, Napi::Object data,
                                std::shared_ptr<SaveJob> job) {
  const Napi::Value promise = Promise(env, number, data, job, true);
  if (!promise.IsEmpty()) Process::Get().scheduler.Submit(std::move(job));
  return promise;
}

Napi::Value Environment::Save(Napi::Env env, SaveArguments arguments) {
  // A save that can be cancelled is not published before the caller can cancel it.
  const bool cancellable = arguments.ticket != 0;
  const uint64_t number = cancellable ? arguments.ticket : Process::Get().NextNumber();
  const Napi::Object data = arguments.data;
  const std::shared_ptr<SaveJob> job = JobOf(&arguments, number);
  const bool among_many = arguments.among_many;
  if (!cancellable && budget_.Spend([&] { return Process::Get().scheduler.SaveAtOnce(job, among_many); }))
    return outcomes_.Of(env, *job);
  return Submit(env, number, data, job);
}

Napi::Value Environment::SaveSync(Napi::Env env, std::vector<SaveArguments> arguments, bool group) {
  std::vector<std::shared_ptr<SaveJob>> jobs;
  jobs.reserve(arguments.size());
  for (SaveArguments& one : arguments) jobs.push_back(JobOf(&one, 0));
  std::vector<std::shared_ptr<SaveJob>> remaining = jobs;
  for (;;) {
    const std::vector<PlanRequest> needed = Process::Get().scheduler.SaveSync(&remaining);
    if (needed.empty()) break;
    if (remaining.size() == jobs.size()) return PlansNeededValue(env, needed);
    // Some are completed, so JavaScript cannot make the whole call again.
    for (const PlanRequest& request : needed) RequestPlan(env, request);
  }
  // Most calls save one file, and an array costs as much as one of its system calls.
  if (!group) return outcomes_.Of(env, *jobs.front());
  Napi::Array outcomes = Napi::Array::New(env, jobs.size());
  for (size_t i = 0; i < jobs.size(); ++i)
    outcomes.Set(static_cast<uint32_t>(i), outcomes_.Of(env, *jobs[i]));
  return outcomes;
}

bool Environment::Cancel(uint64_t ticket) {
  const auto open = streaming_.find(ticket);
  if (open != streaming_.end()) return open->second->job->Cancel();
  const auto found = pending_.find(ticket);
  if (found == pending_.end() || found->second.job == nullptr) return false;
  const SaveJob& job = *found->second.job;
  if (!found->second.job->Cancel()) return false;
  Process::Get().scheduler.Withdraw(job);
  return true;
}

void Environment::Unref(Napi::Env env, uint64_t ticket) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end() || std::exchange(found->second.unreferenced, true)) return;
  ++unreferenced_;
  if (MayEnd()) wake_.Unref(env);
}

bool Environment::IsFree(uint64_t ticket) const {
  return pending_.count(ticket) == 0 && streaming_.count(ticket) == 0 && updates_.count(ticket) == 0;
}

std::shared_ptr<Environment::StreamingSave> Environment::Streaming(uint64_t ticket) const {
  const auto found = streaming_.find(ticket);
  return found != streaming_.end() && !found->second->busy ? found->second : nullptr;
}

namespace {

// The answer of a call for a streaming save, after which the next call may be made.
Environment::Answer AnswerOf(std::shared_ptr<Environment::StreamingSave> save, Environment::Answer answer) {
  return [save = std::move(save), answer = std::move(answer)](Napi::Env env) {
    save->busy = false;
    return answer(env);
  };
}

std::string ResourceOf(const SaveJob& job) { return std::string(ParentPath(job.request().path)); }

Environment::Answer Zero() {
  return [](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, 0); };
}

Environment::Answer FailureOf(Status status) {
  return [status = std::move(status)](Napi::Env env) { return FailureValue(env, status, false); };
}

}  // namespace

Napi::Value Environment::OpenSave(Napi::Env env, SaveArguments arguments, Form form) {
  const uint64_t ticket = arguments.ticket;
  std::shared_ptr<StreamingSave>& open = streaming_[ticket];
  if (open == nullptr) {
    open = std::make_shared<StreamingSave>();
    open->job = JobOf(&arguments, ticket);
  }
  open->busy = true;
  std::string resource = ResourceOf(*open->job);
  const bool synchronous = form == Form::kSynchronous;
  return Call(env, form,
              [save = open, synchronous]() -> Answer {
                PlanRequest needed;
                switch (Process::Get().streaming.Open(save->job, synchronous, &needed)) {
                  case SaveJob::Prepared::kReady:
                    return AnswerOf(save, Zero());
                  case SaveJob::Prepared::kNeedsPlan:
                    return AnswerOf(save, [needed = std::move(needed)](Napi::Env env) {
                      return PlansNeededValue(env, {needed});
                    });
                  case SaveJob::Prepared::kFailed:
                  case SaveJob::Prepared::kMayWait:
                    break;
                }
                return AnswerOf(save, FailureOf(save->job->outcome().status));
              },
              {Napi::Object(), std::move(resource), ticket});
}

Napi::Value Environment::AppendToSave(Napi::Env env, std::shared_ptr<StreamingSave> save, Napi::Object owner,
                                      const uint8_t* data, size_t size, Form form) {
  save->busy = true;
  CallContext context{owner, ResourceOf(*save->job), save->job->ticket()};
  return Call(
      env, form,
      [save, data, size]() -> Answer {
        Status status = Process::Get().streaming.Append(save->job.get(), data, size);
        return AnswerOf(save, status.ok() ? Zero() : FailureOf(std::move(status)));
      },
      std::move(context));
}

Napi::Value Environment::FinishSave(Napi::Env env, uint64_t ticket, std::shared_ptr<StreamingSave> save,
                                    Form form) {
  if (form == Form::kSynchronous) {
    std::vector<std::shared_ptr<SaveJob>> jobs = {save->job};
    const std::vector<PlanRequest> needed = Process::Get().scheduler.SaveSync(&jobs);
    if (!needed.empty()) return PlansNeededValue(env, needed);
    streaming_.erase(ticket);
    return outcomes_.Of(env, *save->job);
  }
  const Napi::Value promise = Submit(env, ticket, Napi::Object(), save->job);
  if (!promise.IsEmpty()) streaming_.erase(ticket);
  return promise;
}

Napi::Value Environment::AbandonSave(Napi::Env env, uint64_t ticket, std::shared_ptr<StreamingSave> save,
                                     Form form) {
  streaming_.erase(ticket);
  return Call(env, form,
              [job = save->job]() -> Answer {
                // Freeing the blocks of a large file takes time.
                Process::Get().streaming.Abandon(job.get());
                return [job](Napi::Env env) { return StagesValue(env, *job); };
              },
              {Napi::Object(), ResourceOf(*save->job), ticket});
}

Napi::Value Environment::JoinUpdates(Napi::Env env, uint64_t ticket, const std::string& path) {
  const Napi::Value promise = Promise(env, ticket, Napi::Object(), nullptr, false);
  if (promise.IsEmpty()) return promise;
  updates_.insert(ticket);
  const std::shared_ptr<Environment> self = shared_from_this();
  const bool is_first = Process::Get().updates.Join(ticket, path, [self, ticket] {
    self->Push(Answered{ticket, [](Napi::Env env) { return env.Undefined(); }, false});
  });
  if (!is_first) return promise;
  SettleNow(env, ticket);
  return env.Undefined();
}

bool Environment::LeaveUpdates(Napi::Env env, uint64_t ticket) {
  if (updates_.erase(ticket) == 0) return false;
  static_cast<void>(Process::Get().updates.Leave(ticket));
  // If it leaves before its turn, its promise is settled here.
  SettleNow(env, ticket);
  return true;
}

void Environment::SettleNow(Napi::Env env, uint64_t ticket) {
  Settle(env, Answered{ticket, [](Napi::Env env) { return env.Undefined(); }, false});
  if (MayEnd()) wake_.Unref(env);
}

Napi::Value Environment::Call(Napi::Env env, Form form, Work work, CallContext context) {
  if (form == Form::kSynchronous) return work()(env);
  const uint64_t number = context.ticket != 0 ? context.ticket : Process::Get().NextNumber();
  const Napi::Value promise = Promise(env, number, context.data, nullptr, true);
  if (promise.IsEmpty()) return promise;
  const std::shared_ptr<Environment> self = shared_from_this();
  Task run = [self, number, work = std::move(work)]() mutable {
    Answer answer = work();
    // Before JavaScript is notified: a file that it closes next must not stay open here.
    work = Work();
    self->Push(Answered{number, std::move(answer), true});
  };
  if (!Process::Get().threads.Post(&run, std::move(context.resource))) run();
  return promise;
}

void Environment::Completed(std::shared_ptr<SaveJob> job, bool more) {
  const uint64_t number = job->ticket();
  const std::shared_ptr<Environment> self = shared_from_this();
  Push(Answered{number, [self, job = std::move(job)](Napi::Env env) { return self->outcomes_.Of(env, *job); },
                true},
       more);
}

void Environment::Notify() {
  MutexLock lock(mutex_);
  if (!torn_down_ && !answered_.empty()) WakeUp();
}

void Environment::WakeUp() {
  if (woken_) return;
  woken_ = true;
  // Fails only while the environment is being torn down, when no answer is needed.
  static_cast<void>(wake_.NonBlockingCall());
}

void Environment::Push(Answered answered, bool more) {
  const bool live = answered.live;
  MutexLock lock(mutex_);
  // The thread-safe function no longer exists, or is about to end.
  if (torn_down_) return;
  answered_.push_back(std::move(answered));
  if (!more) WakeUp();
  if (!live) return;
  --live_;
  settled_.NotifyAll();
}

void Environment::NeedsPlan(const PlanRequest& request) {
  MutexLock lock(mutex_);
  if (torn_down_) return;
  plan_requests_.push_back(request);
  WakeUp();
}

void Environment::Deliver(Napi::Env env, Napi::Function, Environment* self, void*) {
  // Without an environment the queue is only emptied.
  if (static_cast<napi_env>(env) != nullptr) self->DeliverAll(env);
}

void Environment::DeliverAll(Napi::Env env) {
  budget_.BeginTurn();
  const Napi::HandleScope scope(env);
  std::vector<Answered> answered;
  std::vector<PlanRequest> plan_requests;
  {
    MutexLock lock(mutex_);
    woken_ = false;
    answered.swap(answered_);
    plan_requests.swap(plan_requests_);
  }
  for (const Answered& one : answered) Settle(env, one);
  if (MayEnd()) wake_.Unref(env);
  for (const PlanRequest& request : plan_requests) RequestPlan(env, request);
}

void Environment::Settle(Napi::Env env, const Answered& answered) {
  const Napi::HandleScope scope(env);
  const auto found = pending_.find(answered.number);
  if (found == pending_.end()) return;
  const napi_deferred deferred = found->second.deferred;
  if (found->second.unreferenced) --unreferenced_;
  pending_.erase(found);
  // Fails only in a worker that is being terminated, where no code waits for the promise any more.
  static_cast<void>(napi_resolve_deferred(env, deferred, answered.answer(env)));
}

// If the provider fails, the saves continue with the default plan instead of waiting for ever.
void Environment::RequestPlan(Napi::Env env, const PlanRequest& request) {
  const Napi::HandleScope scope(env);
  Decision decision;
  bool decided = false;
  if (!plan_provider_.IsEmpty()) {
    const Napi::Value given = plan_provider_.Call({PlanRequestValue(env, request)});
    decided = !given.IsEmpty() && ReadDecision(given, &decision);
    if (env.IsExceptionPending()) static_cast<void>(env.GetAndClearPendingException());
  }
  if (decided) {
    Process::Get().scheduler.ProvidePlan(request.filesystem, request.generation, decision);
  } else {
    Process::Get().scheduler.UseDefaultPlan(request.filesystem);
  }
}

void Environment::TakeBack(std::chrono::steady_clock::time_point deadline) {
  for (auto& [number, pending] : pending_) {
    if (pending.job != nullptr) pending.job->Cancel();
  }
  for (auto& [ticket, save] : streaming_) save->job->Cancel();
  Process::Get().scheduler.ResumeAll(this);
  std::vector<Answered> answered;
  {
    // The data belongs to JavaScript, which is about to end. A thread that hangs may still pass it to
    // write(2), which at worst fails or writes other bytes into the temporary of a save that is cancelled.
    MutexLock lock(mutex_);
    while (live_ > 0) {
      if (!settled_.WaitUntil(mutex_, deadline)) break;
    }
    answered.swap(answered_);
  }
  std::vector<Task> discards;
  for (auto& [ticket, save] : streaming_)
    discards.push_back([job = save->job] { Process::Get().streaming.Abandon(job.get()); });
  streaming_.clear();
  // An answer may own an open file.
  discards.push_back([answered = std::move(answered)] {});
  RunUntil(&Process::Get().threads, std::move(discards), deadline);
}

void Environment::TearDown() {
  const auto deadline = std::chrono::steady_clock::now() + Process::kEndTimeout;
  TakeBack(deadline);
  {
    MutexLock lock(mutex_);
    torn_down_ = true;
    plan_requests_.clear();
  }
  // Each may allow an update of another environment to continue.
  for (const uint64_t ticket : updates_) static_cast<void>(Process::Get().updates.Leave(ticket));
  updates_.clear();
  pending_.clear();
  std::vector<Task> discards;
  discards.push_back([handles = std::move(handles_)] {});
  RunUntil(&Process::Get().threads, std::move(discards), deadline);
  outcomes_.Clear();
  plan_provider_.Reset();
  wake_.Abort();
}

}  // namespace indelible
