#ifndef INDELIBLE_ENVIRONMENT_H_
#define INDELIBLE_ENVIRONMENT_H_

#include <napi.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../base/unique_function.h"
#include "../platform/mutex.h"
#include "../save/plan_cache.h"
#include "../save/save_job.h"
#include "../save/temporary_file.h"
#include "handles.h"
#include "turn_budget.h"
#include "wire_values.h"

namespace indelible {

// The arguments of a save.
struct SaveArguments {
  SaveRequest request;
  // Keeps the data of the request at its address.
  Napi::Object data;
  // Its content is published instead of the data.
  std::shared_ptr<TemporaryFile> temporary;
  bool uses_default_plan = false;
  // The caller makes many saves together.
  bool among_many = false;
  // 0: the save cannot be cancelled.
  uint64_t ticket = 0;
};

// The pending calls of one JavaScript environment, and the directories and files that it has open. State that
// all environments share is in Process. Answers arrive on the threads of the pool and are delivered in
// batches, with one wake-up of the event loop for each batch.
class Environment : public SaveListener, public std::enable_shared_from_this<Environment> {
 public:
  // Converts the answer to a JavaScript value, on JavaScript's thread.
  using Answer = UniqueFunction<Napi::Value(Napi::Env)>;
  using Work = UniqueFunction<Answer()>;
  // Whether a call returns a promise of its answer, or the answer.
  enum class Form : uint8_t { kAsynchronous, kSynchronous };

  static std::shared_ptr<Environment> Create(Napi::Env env);
  static Environment& Of(Napi::Env env);

  // The outcome, or a promise of it that keeps the process alive.
  Napi::Value Save(Napi::Env env, SaveArguments arguments);
  // The outcomes; or the plans to provide first, and nothing is published.
  Napi::Value SaveSync(Napi::Env env, std::vector<SaveArguments> arguments, bool group);
  // False if the save is being published, or is completed.
  bool Cancel(uint64_t ticket);
  // The process does not stay alive for the pending call of the save.
  void Unref(Napi::Env env, uint64_t ticket);

  // A streaming save, identified by the same ticket in every call. Each call is made after the answer to the
  // one before. The answer to opening may be the plans to provide first; then the save is opened again. After
  // any failure the save must be abandoned, except after a failure of finishing.
  struct StreamingSave {
    std::shared_ptr<SaveJob> job;
    bool busy = false;
  };
  // Null unless a save with this ticket has begun and has no call in progress.
  std::shared_ptr<StreamingSave> Streaming(uint64_t ticket) const;
  // Whether the ticket is not in use.
  bool IsFree(uint64_t ticket) const;
  Napi::Value OpenSave(Napi::Env env, SaveArguments arguments, Form form);
  Napi::Value AppendToSave(Napi::Env env, std::shared_ptr<StreamingSave> save, Napi::Object owner,
                           const uint8_t* data, size_t size, Form form);
  // Enqueues the save among the saves to its path, and continues as Save or SaveSync does.
  Napi::Value FinishSave(Napi::Env env, uint64_t ticket, std::shared_ptr<StreamingSave> save, Form form);
  Napi::Value AbandonSave(Napi::Env env, uint64_t ticket, std::shared_ptr<StreamingSave> save, Form form);

  // A promise that resolves at the turn of this update of the path; undefined if its turn is now.
  Napi::Value JoinUpdates(Napi::Env env, uint64_t ticket, const std::string& path);
  bool LeaveUpdates(Napi::Env env, uint64_t ticket);

  // What a call needs besides its work.
  struct CallContext {
    // Stays alive until the call ends.
    Napi::Object data;
    // See ThreadPool::Post.
    std::string resource;
    // The ticket of a streaming save. 0: no ticket.
    uint64_t ticket = 0;
  };
  // The answer of `work`, run here, or a promise of the answer, with `work` run on a thread of the pool.
  Napi::Value Call(Napi::Env env, Form form, Work work, CallContext context);

  Handles& handles() { return handles_; }

  // A function that is called with each plan request and returns a decision.
  void SetPlanProvider(Napi::Function provider) { plan_provider_ = Napi::Persistent(provider); }

  // Cancels all saves that are not published, and waits until their temporaries are removed, or until
  // `deadline`. A save whose filesystem hangs is not published later either.
  void TakeBack(std::chrono::steady_clock::time_point deadline) EXCLUDES(mutex_);

  void Completed(std::shared_ptr<SaveJob> job, bool more) override;
  void Notify() override EXCLUDES(mutex_);
  void NeedsPlan(const PlanRequest& request) override;

 private:
  struct Answered {
    uint64_t number;
    Answer answer;
    // Whether TakeBack waits for it.
    bool live;
  };
  struct Pending {
    napi_deferred deferred;
    // Keeps the bytes at their address.
    Napi::ObjectReference data;
    std::shared_ptr<SaveJob> job;
    bool unreferenced = false;
  };
  static void Deliver(Napi::Env env, Napi::Function callback, Environment* self, void* data);
  using Wake = Napi::TypedThreadSafeFunction<Environment, void, Deliver>;

  Environment() = default;
  std::shared_ptr<SaveJob> JobOf(SaveArguments* arguments, uint64_t number);
  // Empty if the environment is being torn down: then nothing may be started.
  Napi::Value Promise(Napi::Env env, uint64_t number, Napi::Object data, std::shared_ptr<SaveJob> job,
                      bool live);
  Napi::Value Submit(Napi::Env env, uint64_t number, Napi::Object data, std::shared_ptr<SaveJob> job);
  void Push(Answered answered, bool more = false) EXCLUDES(mutex_);
  void WakeUp() REQUIRES(mutex_);
  void DeliverAll(Napi::Env env);
  void Settle(Napi::Env env, const Answered& answered);
  void SettleNow(Napi::Env env, uint64_t ticket);
  bool MayEnd() const { return pending_.size() == unreferenced_; }
  void RequestPlan(Napi::Env env, const PlanRequest& request);
  void TearDown();

  // Used only by JavaScript's thread.
  Wake wake_;
  OutcomeValues outcomes_;
  TurnBudget budget_;
  Napi::FunctionReference plan_provider_;
  Handles handles_;
  std::map<uint64_t, Pending> pending_;
  // The number of pending calls for which the process does not stay alive.
  size_t unreferenced_ = 0;
  // Opened and neither finished nor abandoned, by ticket.
  std::map<uint64_t, std::shared_ptr<StreamingSave>> streaming_;
  // Tickets in the update queue.
  std::set<uint64_t> updates_;

  Mutex mutex_;
  ConditionVariable settled_;
  std::vector<Answered> answered_ GUARDED_BY(mutex_);
  std::vector<PlanRequest> plan_requests_ GUARDED_BY(mutex_);
  // The number of unanswered calls that read JavaScript's memory or have a temporary.
  size_t live_ GUARDED_BY(mutex_) = 0;
  // JavaScript's thread is going to deliver.
  bool woken_ GUARDED_BY(mutex_) = false;
  bool torn_down_ GUARDED_BY(mutex_) = false;
};

}  // namespace indelible

#endif  // INDELIBLE_ENVIRONMENT_H_
