#include "update_binding.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "binding/arguments.h"
#include "binding/environment.h"
#include "binding/function_export.h"
#include "binding/save_request_argument.h"
#include "file_update.h"

namespace indelible {

namespace {

using Form = Environment::Form;

Napi::Value StateValue(Napi::Env env, UpdateState* state) {
  if (state->ahead > 0) return Napi::Number::New(env, static_cast<double>(state->ahead));
  if (!state->exists) return env.Null();
  const size_t size = state->size;
  if (size == 0) return Napi::Buffer<uint8_t>::New(env, 0);
  // Without a copy, where the runtime takes foreign memory.
  return Napi::Buffer<uint8_t>::NewOrCopy(env, state->content.release(), size,
                                          [](Napi::BasicEnv, uint8_t* data) { FreeContent()(data); });
}

// (ticket, path, makeDirectories, mustLock): how many updates of the file come first, and when none does,
// what it holds, or null if it is missing; or a failure. The first call with a ticket begins an
// update, which endUpdate has to end whatever happens.
Napi::Value ReadForUpdate(const Napi::CallbackInfo& info, Form form) {
  Environment& environment = Environment::Of(info.Env());
  std::shared_ptr<FileUpdate>& update = environment.updates()[Uint53Argument(info[0])];
  if (update == nullptr) {
    SaveRequest request;
    request.path = PathArgument(info[1]);
    request.make_directories = info[2].As<Napi::Boolean>();
    update = std::make_shared<FileUpdate>(std::move(request), info[3].As<Napi::Boolean>());
  }
  return environment.Call(info.Env(), form, [update]() -> Environment::Answer {
    const auto state = std::make_shared<UpdateState>();
    Status status = update->Read(&SharedScheduler().fresh_directories(), state.get());
    return [status = std::move(status), state](Napi::Env env) -> Napi::Value {
      return status.ok() ? StateValue(env, state.get()) : FailureValue(env, status, false);
    };
  });
}

SaveRequest RequestOf(const Napi::CallbackInfo& info) {
  SaveRequest request = SaveRequestArgument(info, 0);
  const uint64_t ticket = Uint53Argument(info[kSaveRequestArguments]);
  request.expected = Environment::Of(info.Env()).updates().at(ticket)->version();
  return request;
}

// (path, data, flags, mode, uid, gid, the update's ticket, and the save's ticket where it is promised): as
// `save` and `saveSync`.
Napi::Value SaveUpdate(const Napi::CallbackInfo& info, Form form) {
  Environment& environment = Environment::Of(info.Env());
  if (form == Form::kSynchronous) return environment.SaveSync(info.Env(), {RequestOf(info)});
  return environment.Save(info.Env(), RequestOf(info), info[1].As<Napi::Object>(),
                          Uint53Argument(info[kSaveRequestArguments + 1]));
}

// (ticket): 0.
Napi::Value EndUpdate(const Napi::CallbackInfo& info, Form form) {
  Environment& environment = Environment::Of(info.Env());
  const auto found = environment.updates().find(Uint53Argument(info[0]));
  const std::shared_ptr<FileUpdate> update = std::move(found->second);
  environment.updates().erase(found);
  return environment.Call(info.Env(), form, [update]() -> Environment::Answer {
    // The old version's blocks may be freed here, which takes its time.
    update->Release();
    return [](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, 0); };
  });
}

}  // namespace

void ExportUpdates(Napi::Env env, Napi::Object exports) {
  ExportForms(env, exports, "readForUpdate", ReadForUpdate);
  ExportForms(env, exports, "saveUpdate", SaveUpdate);
  ExportForms(env, exports, "endUpdate", EndUpdate);
}

}  // namespace indelible
