#ifndef INDELIBLE_DIRECTORY_REPLACEMENT_BINDING_H_
#define INDELIBLE_DIRECTORY_REPLACEMENT_BINDING_H_

#include <napi.h>

namespace indelible {

void ExportDirectoryReplacement(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_DIRECTORY_REPLACEMENT_BINDING_H_
