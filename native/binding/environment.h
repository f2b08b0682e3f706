#ifndef INDELIBLE_ENVIRONMENT_H_
#define INDELIBLE_ENVIRONMENT_H_

#include <napi.h>

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
#include "outcome.h"

namespace indelible {

// A save as JavaScript asks for it.
struct SaveArguments {
  SaveRequest request;
  // Keeps the request's data where it is.
  Napi::Object data;
  // Whose content is published instead of the data.
  std::shared_ptr<TemporaryFile> temporary;
  bool uses_default_plan = false;
  // 0: it is never cancelled.
  uint64_t ticket = 0;
};

// What one JavaScript environment has asked for and not been told yet, and what it holds open. What all
// environments share is the Process. Answers arrive on the pool's threads and are handed over in batches, one
// wake-up of the event loop for as many as there are.
class Environment : public SaveListener, public std::enable_shared_from_this<Environment> {
 public:
  // Gives the answer its JavaScript form, on JavaScript's thread.
  using Answer = UniqueFunction<Napi::Value(Napi::Env)>;
  using Work = UniqueFunction<Answer()>;
  // Whether a call promises its answer or gives it.
  enum class Form : uint8_t { kAsynchronous, kSynchronous };

  static std::shared_ptr<Environment> Create(Napi::Env env);
  static Environment& Of(Napi::Env env);

  // Promises the outcome, and keeps the process alive until then.
  Napi::Value Save(Napi::Env env, SaveArguments arguments);
  // The outcomes, all at once; or which plans are needed first, and nothing is published.
  Napi::Value SaveSync(Napi::Env env, std::vector<SaveArguments> arguments, bool group);
  void Cancel(uint64_t ticket);

  // A save whose data is streamed, under the same ticket from call to call; each call comes when the one
  // before has been answered. Opening may answer which plans are needed first, and is then to be repeated.
  // Whatever fails, the save must be abandoned, unless it was finishing that failed.
  struct StreamingSave {
    std::shared_ptr<SaveJob> job;
    bool busy = false;
  };
  // Null where the ticket is not that of a save that has begun and has no call under way.
  std::shared_ptr<StreamingSave> Streaming(uint64_t ticket) const;
  // Whether nothing has this ticket.
  bool IsFree(uint64_t ticket) const;
  Napi::Value OpenSave(Napi::Env env, SaveArguments arguments, Form form);
  Napi::Value AppendToSave(Napi::Env env, std::shared_ptr<StreamingSave> save, Napi::Object owner,
                           const uint8_t* data, size_t size, Form form);
  // Takes its place among the saves to its path, and goes on as Save or SaveSync do.
  Napi::Value FinishSave(Napi::Env env, uint64_t ticket, std::shared_ptr<StreamingSave> save, Form form);
  Napi::Value AbandonSave(Napi::Env env, uint64_t ticket, std::shared_ptr<StreamingSave> save, Form form);

  // Promises that the turn of this update of the path comes; undefined where it has come.
  Napi::Value JoinUpdates(Napi::Env env, uint64_t ticket, const std::string& path);
  bool EndUpdate(Napi::Env env, uint64_t ticket);

  // Promises what `work`, on a thread of the pool, answers; keeps `data` alive until then.
  Napi::Value Run(Napi::Env env, Work work, Napi::Object data = Napi::Object());
  // The same, or its answer at once.
  Napi::Value Call(Napi::Env env, Form form, Work work, Napi::Object data = Napi::Object());

  // What this environment holds open.
  Handles& handles() { return handles_; }

  // JavaScript is called with each plan request, and returns a decision.
  void SetPlanProvider(Napi::Function provider) { plan_provider_ = Napi::Persistent(provider); }

  // Cancels what is under way and not published, and waits until its temporaries are gone.
  void TakeBack();

  void Completed(std::shared_ptr<SaveJob> job) override;
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
    // Keeps the bytes where they are.
    Napi::ObjectReference data;
    std::shared_ptr<SaveJob> job;
  };
  static void Deliver(Napi::Env env, Napi::Function callback, Environment* self, void* data);
  using Wake = Napi::TypedThreadSafeFunction<Environment, void, Deliver>;

  Environment() = default;
  std::shared_ptr<SaveJob> JobOf(SaveArguments* arguments, uint64_t number);
  // Empty where the environment is being torn down: nothing may be started for it then.
  Napi::Value Promise(Napi::Env env, uint64_t number, Napi::Object data, std::shared_ptr<SaveJob> job,
                      bool live);
  Napi::Value Submit(Napi::Env env, uint64_t number, Napi::Object data, std::shared_ptr<SaveJob> job);
  void Push(Answered answered) EXCLUDES(mutex_);
  void DeliverAll(Napi::Env env);
  void Settle(Napi::Env env, const Answered& answered);
  void SettleNow(Napi::Env env, uint64_t ticket);
  void RequestPlan(Napi::Env env, const PlanRequest& request);
  void TearDown();

  // JavaScript's thread alone.
  Wake wake_;
  OutcomeValues outcomes_;
  Napi::FunctionReference plan_provider_;
  Handles handles_;
  std::map<uint64_t, Pending> pending_;
  // Opened and neither finished nor abandoned, by ticket.
  std::map<uint64_t, std::shared_ptr<StreamingSave>> streaming_;
  // Tickets in the update queue.
  std::set<uint64_t> updates_;

  Mutex mutex_;
  ConditionVariable settled_;
  std::vector<Answered> answered_ GUARDED_BY(mutex_);
  std::vector<PlanRequest> plan_requests_ GUARDED_BY(mutex_);
  // Asked for and not answered, of what reads JavaScript's memory or has a temporary.
  size_t live_ GUARDED_BY(mutex_) = 0;
  bool torn_down_ GUARDED_BY(mutex_) = false;
};

}  // namespace indelible

#endif  // INDELIBLE_ENVIRONMENT_H_
