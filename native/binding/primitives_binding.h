#ifndef INDELIBLE_PRIMITIVES_BINDING_H_
#define INDELIBLE_PRIMITIVES_BINDING_H_

#include <napi.h>

namespace indelible {

// Adds the thin system calls, each as `name` (a promise) and `nameSync`. Both give 0 or the descriptor that
// was opened, or a failure object.
void ExportPrimitives(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_PRIMITIVES_BINDING_H_
