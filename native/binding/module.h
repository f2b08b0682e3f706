#ifndef INDELIBLE_MODULE_H_
#define INDELIBLE_MODULE_H_

#include <napi.h>

#include <string>

#include "environment.h"

namespace indelible {

// A function of the addon. Napi::Function::New would compile a wrapper for each function.
using Function = Napi::Value (*)(const Napi::CallbackInfo& info);
// A function with two forms: one returns a promise of its answer, the other the answer.
using FunctionOfForm = Napi::Value (*)(const Napi::CallbackInfo& info, Environment::Form form);

void Export(Napi::Env env, Napi::Object exports, const std::string& name, Function function);
// A function of Node-API itself, with `data` in its callback information.
void ExportCallback(Napi::Env env, Napi::Object exports, const std::string& name, napi_callback callback,
                    void* data);
// As `name`, which returns a promise, and as `nameSync`, which returns the answer.
void ExportForms(Napi::Env env, Napi::Object exports, const std::string& name, FunctionOfForm function);

// save_entries.cc: saves, streaming saves, their plans, and the order of updates. wire.h describes the
// arguments and answers. Each function checks its arguments and throws. No number is trusted that the addon
// did not issue.
void ExportSaves(Napi::Env env, Napi::Object exports);
// system_calls.cc: the calls that the steps in JavaScript use (src/fs/native-calls.ts), each in two forms.
// They work on numbers of open directories and files (handles.h) and on names in them. A wrong argument
// throws; a call that fails answers with a failure object.
void ExportSystemCalls(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_MODULE_H_
