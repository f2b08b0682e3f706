#ifndef INDELIBLE_CALL_BINDING_H_
#define INDELIBLE_CALL_BINDING_H_

#include <napi.h>

#include <memory>
#include <utility>

#include "../base/status.h"
#include "environment.h"

namespace indelible {

// Makes a call where its form says, and promises or gives what `form_value` makes of its result, on
// JavaScript's thread; or a failure object. `call` is `Status(Result*)`, `form_value` `Napi::Value(Napi::Env,
// Result*)`. `data` is kept alive meanwhile.
template <typename Result, typename Call, typename FormValue>
Napi::Value Make(const Napi::CallbackInfo& info, Environment::Form form, Call call, FormValue form_value,
                 Napi::Object data = Napi::Object()) {
  return Environment::Of(info.Env())
      .Call(
          info.Env(), form,
          [call = std::move(call), form_value = std::move(form_value)]() mutable -> Environment::Answer {
            auto result = std::make_unique<Result>();
            Status status = call(result.get());
            return [status = std::move(status), result = std::move(result),
                    form_value = std::move(form_value)](Napi::Env env) mutable -> Napi::Value {
              return status.ok() ? form_value(env, result.get()) : FailureValue(env, status, false);
            };
          },
          data);
}

// A system call with its arguments bound; sets the number it answers with, if it has one.
using SystemCall = UniqueFunction<Status(int* number)>;

// Promises or gives 0 or the call's number.
Napi::Value MakeNumbered(const Napi::CallbackInfo& info, Environment::Form form, SystemCall call);

}  // namespace indelible

#endif  // INDELIBLE_CALL_BINDING_H_
