#include "wire_values.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "../platform/platform.h"
#include "arguments.h"
#include "wire.h"

namespace indelible {

namespace {

template <typename Enumeration>
size_t IndexOf(Enumeration value) {
  return static_cast<size_t>(value);
}

Napi::Object SuccessValue(Napi::Env env, const SaveOutcome& outcome) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("published", true);
  value.Set("replaced", outcome.replaced);
  value.Set("protocol", wire::kProtocolNames[IndexOf(outcome.protocol)]);
  value.Set("durability", wire::kDurabilityNames[IndexOf(outcome.durability)]);
  return value;
}

// The properties of a JavaScript value, which may be anything. After a wrong property `ok` is false.
class Properties {
 public:
  explicit Properties(const Napi::Value& value) {
    ok_ = value.IsObject();
    if (ok_) object_ = value.As<Napi::Object>();
  }

  [[nodiscard]] bool ok() const { return ok_; }

  Napi::Value Get(const char* name) {
    napi_value value = nullptr;
    // An accessor may have thrown.
    if (ok_ && napi_get_named_property(object_.Env(), object_, name, &value) != napi_ok) ok_ = false;
    return ok_ ? Napi::Value(object_.Env(), value) : Napi::Value();
  }

  bool Boolean(const char* name) {
    const Napi::Value value = Get(name);
    ok_ = ok_ && value.IsBoolean();
    return ok_ && value.As<Napi::Boolean>();
  }

  uint64_t Integer(const char* name, uint64_t highest) {
    const Napi::Value value = Get(name);
    ok_ = ok_ && value.IsNumber();
    uint64_t number = 0;
    ok_ = ok_ && ReadInteger(value.As<Napi::Number>(), highest, &number);
    return number;
  }

  template <typename Enumeration, size_t kCount>
  Enumeration OneOf(const char* name, const char* const (&names)[kCount]) {
    const Napi::Value value = Get(name);
    ok_ = ok_ && value.IsString();
    const std::string given = ok_ ? value.As<Napi::String>().Utf8Value() : std::string();
    for (size_t i = 0; i < kCount; ++i) {
      if (ok_ && given == names[i]) return static_cast<Enumeration>(i);
    }
    ok_ = false;
    return Enumeration();
  }

 private:
  bool ok_ = false;
  Napi::Object object_;
};

}  // namespace

Napi::Value OutcomeValues::Of(Napi::Env env, const SaveJob& job) {
  const SaveOutcome& outcome = job.outcome();
  if (!outcome.status.ok()) {
    const Napi::Value failure = FailureValue(env, outcome.status, outcome.published);
    if (job.times() != nullptr) failure.As<Napi::Object>().Set("stages", StagesValue(env, job));
    return failure;
  }
  if (job.times() != nullptr || outcome.bytes != job.request().size) {
    Napi::Object success = SuccessValue(env, outcome);
    success.Set("bytes", static_cast<double>(outcome.bytes));
    if (job.times() != nullptr) success.Set("stages", StagesValue(env, job));
    return success;
  }
  const unsigned which =
      (outcome.replaced ? 1U : 0U) +
      2U * static_cast<unsigned>(IndexOf(outcome.protocol) * 3 + IndexOf(outcome.durability));
  Napi::ObjectReference& made = made_[which];
  if (made.IsEmpty()) made = Napi::Persistent(SuccessValue(env, outcome));
  return made.Value();
}

Napi::Value PathValue(Napi::Env env, const std::string& path) {
  const std::string bytes = platform::SystemPath(path);
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

Napi::Value FailureValue(Napi::Env env, const Status& status, bool published) {
  Napi::Object failure = Napi::Object::New(env);
  failure.Set("published", published);
  failure.Set("reason", wire::kReasonNames[IndexOf(status.reason())]);
  failure.Set("errno", status.error());
  failure.Set("syscall", status.syscall());
  if (!status.path().empty()) failure.Set("path", PathValue(env, status.path()));
  if (!status.dest().empty()) failure.Set("dest", PathValue(env, status.dest()));
  return failure;
}

Napi::Value StagesValue(Napi::Env env, const SaveJob& job) {
  const StageTimes* const times = job.times();
  if (times == nullptr) return env.Undefined();
  Napi::Array stages = Napi::Array::New(env, kStages);
  for (size_t i = 0; i < kStages; ++i) stages.Set(static_cast<uint32_t>(i), times->Nanoseconds(i));
  return stages;
}

Napi::Object PlanValue(Napi::Env env, const Plan& plan) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("protocol", wire::kProtocolNames[IndexOf(plan.protocol)]);
  value.Set("achieves", wire::kDurabilityNames[IndexOf(plan.achieves)]);
  value.Set("unnamed", plan.unnamed);
  value.Set("pinsReplaced", plan.pin_replaced);
  value.Set("local", plan.local);
  value.Set("syncfs", plan.sync_filesystem);
  return value;
}

Napi::Object PlanRequestValue(Napi::Env env, const PlanRequest& request) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("major", request.filesystem.major);
  value.Set("minor", request.filesystem.minor);
  value.Set("mountId", static_cast<double>(request.filesystem.mount));
  value.Set("generation", static_cast<double>(request.generation));
  value.Set("syncs", request.syncs);
  value.Set("directory", PathValue(env, request.directory));
  return value;
}

Napi::Value PlansNeededValue(Napi::Env env, const std::vector<PlanRequest>& requests) {
  Napi::Array array = Napi::Array::New(env, requests.size());
  for (size_t i = 0; i < requests.size(); ++i)
    array.Set(static_cast<uint32_t>(i), PlanRequestValue(env, requests[i]));
  Napi::Object value = Napi::Object::New(env);
  value.Set("plansNeeded", array);
  return value;
}

bool ReadPlanRequest(const Napi::Value& value, PlanRequest* request) {
  constexpr uint64_t kHighest = std::numeric_limits<uint32_t>::max();
  Properties properties(value);
  request->filesystem.major = static_cast<uint32_t>(properties.Integer("major", kHighest));
  request->filesystem.minor = static_cast<uint32_t>(properties.Integer("minor", kHighest));
  request->filesystem.mount = properties.Integer("mountId", kHighestExact);
  request->generation = properties.Integer("generation", kHighestExact);
  return properties.ok();
}

bool ReadDecision(const Napi::Value& value, Decision* decision) {
  Properties properties(value);
  const Napi::Value plans = properties.Get("plans");
  const bool in_memory = properties.Boolean("inMemory");
  const bool local = properties.Boolean("local");
  const UpdateLock update_lock = properties.OneOf<UpdateLock>("updateLock", wire::kUpdateLockNames);
  const bool sync_filesystem = properties.Boolean("syncfs");
  const GroupSync group_sync = properties.OneOf<GroupSync>("groupSyncfs", wire::kGroupSyncNames);
  const bool reports_on_close = properties.Boolean("reportsOnClose");
  const bool directory_sync_waits = properties.Boolean("directorySyncWaits");
  decision->learns_after =
      static_cast<uint32_t>(properties.Integer("learnsAfter", std::numeric_limits<uint32_t>::max()));
  decision->of_mount_alone = properties.Boolean("ofMountAlone");
  if (!properties.ok() || !plans.IsArray()) return false;
  for (size_t i = 0; i < kPlanChoices; ++i) {
    napi_value element = nullptr;
    if (napi_get_element(plans.Env(), plans, static_cast<uint32_t>(i), &element) != napi_ok) return false;
    Properties given(Napi::Value(plans.Env(), element));
    Plan& plan = decision->plans[i];
    plan.protocol = given.OneOf<Protocol>("protocol", wire::kProtocolNames);
    plan.requested = RequestedBy(static_cast<PlanChoice>(i));
    plan.achieves = given.OneOf<Durability>("achieves", wire::kDurabilityNames);
    plan.unnamed = given.Boolean("unnamed");
    plan.pin_replaced = given.Boolean("pinsReplaced");
    plan.in_memory = in_memory;
    plan.local = local;
    plan.update_lock = update_lock;
    plan.sync_filesystem = sync_filesystem;
    plan.group_sync = group_sync;
    plan.reports_on_close = reports_on_close;
    plan.directory_sync_waits = directory_sync_waits;
    if (!given.ok()) return false;
  }
  return true;
}

}  // namespace indelible
