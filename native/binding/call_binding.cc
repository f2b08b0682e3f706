#include "call_binding.h"

namespace indelible {

Napi::Value MakeNumbered(const Napi::CallbackInfo& info, Environment::Form form, SystemCall call) {
  return Make<int>(
      info, form, [call = std::move(call)](int* number) { return call(number); },
      [](Napi::Env env, int* number) -> Napi::Value { return Napi::Number::New(env, *number); });
}

}  // namespace indelible
