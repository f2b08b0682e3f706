#ifndef INDELIBLE_SWEEP_BINDING_H_
#define INDELIBLE_SWEEP_BINDING_H_

#include <napi.h>

namespace indelible {

// Adds `removeIfUnlocked(directory, name)` and its synchronous twin: 1 if the temporary was a dead writer's
// and is removed, 2 if its writer lives, 0 if that cannot be told.
void ExportSweep(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_SWEEP_BINDING_H_
