#ifndef INDELIBLE_TEMPORARY_FILE_BINDING_H_
#define INDELIBLE_TEMPORARY_FILE_BINDING_H_

#include <napi.h>

namespace indelible {

void ExportTemporaryFiles(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_TEMPORARY_FILE_BINDING_H_
