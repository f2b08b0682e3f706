#include "module.h"

#include "wire.h"

namespace indelible {

namespace {

using Form = Environment::Form;

napi_value CallFunction(napi_env env, napi_callback_info raw) {
  const Napi::CallbackInfo info(env, raw);
  return reinterpret_cast<Function>(info.Data())(info);
}

template <Form form>
napi_value CallForm(napi_env env, napi_callback_info raw) {
  const Napi::CallbackInfo info(env, raw);
  return reinterpret_cast<FunctionOfForm>(info.Data())(info, form);
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  Environment::Create(env);
  exports.Set("wire", wire::Description());
  ExportSaves(env, exports);
  ExportSystemCalls(env, exports);
  return exports;
}

}  // namespace

void ExportCallback(Napi::Env env, Napi::Object exports, const std::string& name, napi_callback callback,
                    void* data) {
  napi_value function = nullptr;
  const napi_status status = napi_create_function(env, name.data(), name.size(), callback, data, &function);
  NAPI_THROW_IF_FAILED_VOID(env, status);
  exports.Set(name, function);
}

void Export(Napi::Env env, Napi::Object exports, const std::string& name, Function function) {
  ExportCallback(env, exports, name, CallFunction, reinterpret_cast<void*>(function));
}

void ExportForms(Napi::Env env, Napi::Object exports, const std::string& name, FunctionOfForm function) {
  ExportCallback(env, exports, name, CallForm<Form::kAsynchronous>, reinterpret_cast<void*>(function));
  ExportCallback(env, exports, name + "Sync", CallForm<Form::kSynchronous>,
                 reinterpret_cast<void*>(function));
}

NODE_API_MODULE(indelible, Initialise)

}  // namespace indelible
