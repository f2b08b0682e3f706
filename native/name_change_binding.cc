#include "name_change_binding.h"

#include <cstdint>
#include <utility>

#include "binding/arguments.h"
#include "binding/environment.h"
#include "binding/function_export.h"
#include "name_change.h"

namespace indelible {

namespace {

using Kind = NameChangeRequest::Kind;

NameChangeRequest RequestOf(const Napi::CallbackInfo& info) {
  NameChangeRequest request;
  request.kind = static_cast<Kind>(Uint32Argument(info[0]));
  request.from = PathArgument(info[1]);
  request.to = PathArgument(info[2]);
  request.temporary = PathArgument(info[3]);
  request.held = PathArgument(info[4]);
  request.plan = static_cast<PlanChoice>(Uint32Argument(info[5]));
  request.strict = info[6].As<Napi::Boolean>();
  request.insist = info[7].As<Napi::Boolean>();
  return request;
}

Environment::Answer Answer(const NameChangeRequest& request) {
  NameChangeOutcome outcome = ChangeNames(request, &SharedScheduler().plans());
  return [outcome = std::move(outcome)](Napi::Env env) -> Napi::Value {
    if (!outcome.status.ok()) return FailureValue(env, outcome.status, outcome.published);
    if (outcome.undecided) return QuestionValue(env, outcome.needed);
    return Napi::Number::New(env, static_cast<double>(outcome.achieves) * 2.0 + (outcome.names_synced ? 1 : 0));
  };
}

Napi::Value Change(const Napi::CallbackInfo& info, Environment::Form form) {
  return Environment::Of(info.Env()).Call(info.Env(), form, [request = RequestOf(info)] {
    return Answer(request);
  });
}

}  // namespace

void ExportNameChanges(Napi::Env env, Napi::Object exports) {
  ExportForms(env, exports, "changeNames", Change);
  Napi::Object kinds = Napi::Object::New(env);
  kinds.Set("exchange", static_cast<uint32_t>(Kind::kExchange));
  kinds.Set("renameExclusive", static_cast<uint32_t>(Kind::kRenameExclusive));
  kinds.Set("replaceSymlink", static_cast<uint32_t>(Kind::kReplaceSymlink));
  exports.Set("nameChanges", kinds);
}

}  // namespace indelible
