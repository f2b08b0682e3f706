#include "wire.h"

#include <cstddef>

#include "../base/stage_times.h"
#include "../save/optional_calls.h"

namespace indelible::wire {

namespace {

void Append(std::string* json, const char* name, const char* const* names, size_t count) {
  json->append(json->size() > 1 ? ",\"" : "\"").append(name).append("\":[");
  for (size_t i = 0; i < count; ++i) json->append(i > 0 ? ",\"" : "\"").append(names[i]).append("\"");
  json->append("]");
}

template <size_t kCount>
void Append(std::string* json, const char* name, const char* const (&names)[kCount]) {
  Append(json, name, names, kCount);
}

}  // namespace

std::string Description() {
  std::string json = "{";
  Append(&json, "request", kRequestNames);
  Append(&json, "flags", kFlagNames);
  Append(&json, "choices", kChoiceNames);
  Append(&json, "protocols", kProtocolNames);
  Append(&json, "durabilities", kDurabilityNames);
  Append(&json, "reasons", kReasonNames);
  Append(&json, "stages", kStageNames);
  Append(&json, "outcome", kOutcomeNames);
  Append(&json, "failure", kFailureNames);
  Append(&json, "planRequest", kPlanRequestNames);
  Append(&json, "plan", kPlanNames);
  Append(&json, "updateLocks", kUpdateLockNames);
  Append(&json, "groupSyncs", kGroupSyncNames);
  Append(&json, "decision", kDecisionNames);
  Append(&json, "optionalCalls", OptionalCallNames().data(), OptionalCallNames().size());
  return json + "}";
}

}  // namespace indelible::wire
