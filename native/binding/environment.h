#ifndef INDELIBLE_ENVIRONMENT_H_
#define INDELIBLE_ENVIRONMENT_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../base/unique_function.h"
#include "../file_update.h"
#include "../platform/mutex.h"
#include "../save/temporary_file.h"
#include "../scheduler/open_saves.h"
#include "../scheduler/save_engine.h"
#include "handles.h"

namespace indelible {

// The engine and the threads, shared by every environment of the process (the main thread and its workers).
// Made on first use and never destroyed: threads may outlive every destructor.
Scheduler& SharedScheduler();
StreamingSaves& SharedStreamingSaves();
ThreadPool& SharedPool();

// What one JavaScript environment has asked for and not been told yet. Outcomes arrive on the pool's threads
// and are handed over in batches, one wake-up of the event loop for as many as there are.
class Environment : public SaveListener, public std::enable_shared_from_this<Environment> {
 public:
  // Gives the answer its JavaScript form, on JavaScript's thread.
  using Answer = UniqueFunction<Napi::Value(Napi::Env)>;
  using Work = UniqueFunction<Answer()>;
  // Whether a call promises its answer or gives it.
  enum class Form : uint8_t { kAsynchronous, kSynchronous };

  static std::shared_ptr<Environment> Create(Napi::Env env);
  static Environment& Of(Napi::Env env);

  // Promises the outcome of a save, whose request reads from `data`; keeps the process alive until then.
  Napi::Value Save(Napi::Env env, SaveRequest request, Napi::Object data, uint64_t ticket);
  void Cancel(uint64_t ticket);
  // The outcomes, all at once. Null if a filesystem has to be decided about first.
  Napi::Value SaveSync(Napi::Env env, std::vector<SaveRequest> requests);

  // A save whose data arrives in pieces, under the same ticket from call to call; each call comes when the
  // one before has been answered. Opening answers with null if a filesystem has to be decided about first,
  // and is then to be repeated. Whatever fails, the save must be abandoned, unless it was finishing that
  // failed.
  Napi::Value OpenSave(Napi::Env env, SaveRequest request, uint64_t ticket, Form form);
  Napi::Value AppendToSave(Napi::Env env, uint64_t ticket, Napi::Uint8Array data, Form form);
  // Takes its place among the saves to its path, and goes on as Save or SaveSync do.
  Napi::Value FinishSave(Napi::Env env, uint64_t ticket, Form form);
  Napi::Value AbandonSave(Napi::Env env, uint64_t ticket, Form form);

  // A file for the caller to write, under a ticket of its own until it is closed.
  Napi::Value OpenTemporary(Napi::Env env, SaveRequest request, uint64_t ticket, bool insist, Form form);
  // A save whose data is what the file holds. It stays open.
  Napi::Value PublishTemporary(Napi::Env env, SaveRequest request, uint64_t ticket, uint64_t temporary,
                               Form form);
  Napi::Value CloseTemporary(Napi::Env env, uint64_t ticket, Form form);

  // Promises what `work`, on a thread of the pool, answers; keeps `data` alive until then.
  Napi::Value Run(Napi::Env env, Work work, Napi::Object data = Napi::Object());
  // The same, or its answer at once.
  Napi::Value Call(Napi::Env env, Form form, Work work, Napi::Object data = Napi::Object());

  // The updates under way, by JavaScript's names for them. For its thread alone; closed with the environment.
  std::map<uint64_t, std::shared_ptr<FileUpdate>>& updates() { return updates_; }

  // What JavaScript holds open. For its thread alone; closed with the environment.
  Handles& handles() { return handles_; }

  // JavaScript is called with each undecided filesystem, as an array of arguments for DecideFilesystem.
  void SetDecider(Napi::Function decider) { decider_ = Napi::Persistent(decider); }
  // The undecided filesystems that JavaScript has not been called with yet.
  Napi::Value TakeUndecided(Napi::Env env);

  // Cancels what is under way and not published, and waits until its temporaries are gone.
  void TakeBack();

  void Completed(std::shared_ptr<SaveJob> job) override;
  void NeedsPlan(const PlanRequest& request) override;

 private:
  struct Answered {
    uint64_t ticket;
    Answer answer;
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
  // Empty where the environment is being torn down: nothing may be started for it then.
  Napi::Value Promise(Napi::Env env, uint64_t ticket, Napi::Object data, std::shared_ptr<SaveJob> job);
  // False where plans are needed first, which JavaScript is asked for.
  bool SaveNow(const std::vector<std::shared_ptr<SaveJob>>& jobs);
  void Push(Answered answered);
  void WakeUp(bool was_empty) REQUIRES(mutex_);
  void DeliverAll(Napi::Env env);
  static Napi::Value QuestionsValue(Napi::Env env, const std::vector<PlanRequest>& questions);
  void TearDown();

  // JavaScript's thread alone.
  Wake wake_;
  Napi::FunctionReference decider_;
  std::map<uint64_t, Pending> pending_;
  // Opened and neither finished nor abandoned.
  std::map<uint64_t, std::shared_ptr<SaveJob>> open_;
  std::map<uint64_t, std::shared_ptr<FileUpdate>> updates_;
  std::map<uint64_t, std::shared_ptr<TemporaryFile>> temporaries_;
  Handles handles_;
  // Tickets of Run, in a range of their own beside those that JavaScript gives.
  uint64_t next_ticket_ = uint64_t{1} << 53;

  Mutex mutex_;
  ConditionVariable settled_;
  std::vector<Answered> answered_ GUARDED_BY(mutex_);
  std::vector<PlanRequest> questions_ GUARDED_BY(mutex_);
  // Asked for and not answered.
  size_t live_ GUARDED_BY(mutex_) = 0;
  bool torn_down_ GUARDED_BY(mutex_) = false;
};

// The JavaScript form of a save's outcome: a number where it went well, an object where it did not.
Napi::Value OutcomeValue(Napi::Env env, const SaveJob& job);
// How long it was in each stage, in nanoseconds; 0 if that was not measured.
Napi::Value StagesValue(Napi::Env env, const SaveJob& job);
Napi::Value FailureValue(Napi::Env env, const Status& status, bool published);
Napi::Value QuestionValue(Napi::Env env, const PlanRequest& question);

}  // namespace indelible

#endif  // INDELIBLE_ENVIRONMENT_H_
