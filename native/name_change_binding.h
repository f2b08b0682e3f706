#ifndef INDELIBLE_NAME_CHANGE_BINDING_H_
#define INDELIBLE_NAME_CHANGE_BINDING_H_

#include <napi.h>

namespace indelible {

void ExportNameChanges(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_NAME_CHANGE_BINDING_H_
