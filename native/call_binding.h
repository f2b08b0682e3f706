#ifndef INDELIBLE_CALL_BINDING_H_
#define INDELIBLE_CALL_BINDING_H_

#include <napi.h>

#include <functional>
#include <string>
#include <utility>

#include "environment.h"

namespace indelible {

// The system call with its arguments bound; sets the number it answers with, if it has one.
using Call = std::function<Status(int* number)>;
using Bind = Call (*)(const Napi::CallbackInfo& info);

inline Environment::Answer Answer(const Call& call) {
  int number = 0;
  Status status = call(&number);
  return [status = std::move(status), number](Napi::Env env) -> Napi::Value {
    if (!status.ok()) return FailureValue(env, status, false);
    return Napi::Number::New(env, number);
  };
}

template <Bind bind>
Napi::Value Asynchronous(const Napi::CallbackInfo& info) {
  return Environment::Of(info.Env()).Run(info.Env(), [call = bind(info)] { return Answer(call); });
}

template <Bind bind>
Napi::Value Synchronous(const Napi::CallbackInfo& info) {
  return Answer(bind(info))(info.Env());
}

// Exports the call as `name`, which promises the result, and as `nameSync`. Both give 0 or the call's number,
// or a failure object.
template <Bind bind>
void Export(Napi::Env env, Napi::Object exports, const std::string& name) {
  exports.Set(name, Napi::Function::New<Asynchronous<bind>>(env, name));
  exports.Set(name + "Sync", Napi::Function::New<Synchronous<bind>>(env, name + "Sync"));
}

}  // namespace indelible

#endif  // INDELIBLE_CALL_BINDING_H_
