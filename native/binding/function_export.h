#ifndef INDELIBLE_FUNCTION_EXPORT_H_
#define INDELIBLE_FUNCTION_EXPORT_H_

#include <napi.h>

#include <string>

#include "environment.h"

namespace indelible {

// A function of the addon. Napi::Function::New would compile a wrapper of its own around each of them.
using Function = Napi::Value (*)(const Napi::CallbackInfo& info);
// One that promises its answer or gives it.
using FunctionOfForm = Napi::Value (*)(const Napi::CallbackInfo& info, Environment::Form form);

void Export(Napi::Env env, Napi::Object exports, const std::string& name, Function function);
// Any other, which finds `data` in its callback information.
void ExportCallback(Napi::Env env, Napi::Object exports, const std::string& name, napi_callback callback,
                    void* data);
// As `name`, which promises the answer, and as `nameSync`, which gives it.
void ExportForms(Napi::Env env, Napi::Object exports, const std::string& name, FunctionOfForm function);

}  // namespace indelible

#endif  // INDELIBLE_FUNCTION_EXPORT_H_
