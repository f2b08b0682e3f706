#ifndef INDELIBLE_WIRE_VALUES_H_
#define INDELIBLE_WIRE_VALUES_H_

#include <napi.h>

#include <map>
#include <string>
#include <vector>

#include "../base/status.h"
#include "../save/plan_cache.h"
#include "../save/save_job.h"

namespace indelible {

// Conversion of outcomes, plans and decisions between C++ and JavaScript (wire.h).

// The outcomes of saves. Few different ones are successful, so each is made once for an environment: a lookup
// costs less than making an object.
class OutcomeValues {
 public:
  Napi::Value Of(Napi::Env env, const SaveJob& job);
  // Called when the environment is torn down.
  void Clear() { made_.clear(); }

 private:
  std::map<unsigned, Napi::ObjectReference> made_;
};

// A path as the bytes of a Buffer: JavaScript decides how to show them.
Napi::Value PathValue(Napi::Env env, const std::string& path);
Napi::Value FailureValue(Napi::Env env, const Status& status, bool published);
// The time of the save in each stage, in nanoseconds. Undefined if it was not measured.
Napi::Value StagesValue(Napi::Env env, const SaveJob& job);
// A WirePlan, with `syncfs`: whether one syncfs makes a tree durable.
Napi::Object PlanValue(Napi::Env env, const Plan& plan);
Napi::Object PlanRequestValue(Napi::Env env, const PlanRequest& request);
Napi::Value PlansNeededValue(Napi::Env env, const std::vector<PlanRequest>& requests);

// Reads the result of a plan provider. False if it is not a decision.
bool ReadDecision(const Napi::Value& value, Decision* decision);
// False if it is not a plan request.
bool ReadPlanRequest(const Napi::Value& value, PlanRequest* request);

}  // namespace indelible

#endif  // INDELIBLE_WIRE_VALUES_H_
