#include "call_binding.h"

#include <utility>

namespace indelible {

Napi::Value Make(const Napi::CallbackInfo& info, Environment::Form form, SystemCall call) {
  return Environment::Of(info.Env())
      .Call(info.Env(), form, [call = std::move(call)]() -> Environment::Answer {
        int number = 0;
        Status status = call(&number);
        return [status = std::move(status), number](Napi::Env env) -> Napi::Value {
          if (!status.ok()) return FailureValue(env, status, false);
          return Napi::Number::New(env, number);
        };
      });
}

}  // namespace indelible
