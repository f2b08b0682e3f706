#ifndef INDELIBLE_UPDATE_BINDING_H_
#define INDELIBLE_UPDATE_BINDING_H_

#include <napi.h>

namespace indelible {

// Adds `readForUpdate`, `saveUpdate` and `endUpdate`, each with its synchronous twin.
void ExportUpdates(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_UPDATE_BINDING_H_
