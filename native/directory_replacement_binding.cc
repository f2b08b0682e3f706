#include "directory_replacement_binding.h"

#include <cstdint>
#include <utility>

#include "binding/arguments.h"
#include "binding/environment.h"
#include "binding/function_export.h"
#include "directory_replacement.h"

namespace indelible {

namespace {

// (staged, path, previous or an empty string, plan, strict, insist)
DirectoryReplacementRequest RequestOf(const Napi::CallbackInfo& info) {
  DirectoryReplacementRequest request;
  request.staged = PathArgument(info[0]);
  request.path = PathArgument(info[1]);
  request.previous = PathArgument(info[2]);
  request.plan = static_cast<PlanChoice>(Uint32Argument(info[3]));
  request.strict = info[4].As<Napi::Boolean>();
  request.insist = info[5].As<Napi::Boolean>();
  return request;
}

Environment::Answer Answer(const DirectoryReplacementRequest& request) {
  DirectoryReplacementOutcome outcome = ReplaceDirectory(request, &SharedScheduler().plans());
  return [outcome = std::move(outcome)](Napi::Env env) -> Napi::Value {
    if (!outcome.status.ok()) return FailureValue(env, outcome.status, outcome.published);
    if (outcome.undecided) return QuestionValue(env, outcome.needed);
    const uint32_t flags = (outcome.replaced ? 1U : 0U) | (outcome.names_synced ? 2U : 0U);
    return Napi::Number::New(env, static_cast<double>(outcome.achieves) * 4.0 + flags);
  };
}

Napi::Value Replace(const Napi::CallbackInfo& info, Environment::Form form) {
  return Environment::Of(info.Env()).Call(info.Env(), form, [request = RequestOf(info)] {
    return Answer(request);
  });
}

}  // namespace

void ExportDirectoryReplacement(Napi::Env env, Napi::Object exports) {
  ExportForms(env, exports, "replaceDirectory", Replace);
}

}  // namespace indelible
