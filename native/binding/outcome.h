#ifndef INDELIBLE_OUTCOME_H_
#define INDELIBLE_OUTCOME_H_

#include <napi.h>

#include <map>
#include <vector>

#include "../base/status.h"
#include "../save/plan_cache.h"
#include "../save/save_job.h"

namespace indelible {

// The JavaScript form of what the save path answers (wire.h).

// Of the outcome of saves. Few different ones are successful, so each is made once for an environment:
// looking one up costs less than making it.
class OutcomeValues {
 public:
  Napi::Value Of(Napi::Env env, const SaveJob& job);
  // When the environment is torn down.
  void Clear() { made_.clear(); }

 private:
  std::map<unsigned, Napi::ObjectReference> made_;
};

Napi::Value FailureValue(Napi::Env env, const Status& status, bool published);
// How long the save was in each stage, in nanoseconds; undefined if that was not measured.
Napi::Value StagesValue(Napi::Env env, const SaveJob& job);
// Of a WirePlan, and whether one syncfs makes a tree durable.
Napi::Object PlanValue(Napi::Env env, const Plan& plan);
Napi::Object PlanRequestValue(Napi::Env env, const PlanRequest& request);
Napi::Value PlansNeededValue(Napi::Env env, const std::vector<PlanRequest>& requests);

// Reads what a plan provider gave. False if that is no decision.
bool ReadDecision(const Napi::Value& value, Decision* decision);
// False if it is no plan request.
bool ReadPlanRequest(const Napi::Value& value, PlanRequest* request);

}  // namespace indelible

#endif  // INDELIBLE_OUTCOME_H_
