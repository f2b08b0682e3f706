#ifndef INDELIBLE_CALL_BINDING_H_
#define INDELIBLE_CALL_BINDING_H_

#include <napi.h>

#include "../base/unique_function.h"
#include "environment.h"

namespace indelible {

// A system call with its arguments bound; sets the number it answers with, if it has one.
using SystemCall = UniqueFunction<Status(int* number)>;

// Makes the call, and promises or gives 0 or the call's number, or a failure object.
Napi::Value Make(const Napi::CallbackInfo& info, Environment::Form form, SystemCall call);

}  // namespace indelible

#endif  // INDELIBLE_CALL_BINDING_H_
