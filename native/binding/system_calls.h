#ifndef INDELIBLE_SYSTEM_CALLS_H_
#define INDELIBLE_SYSTEM_CALLS_H_

#include <napi.h>

namespace indelible {

// Adds the calls that the steps in JavaScript are made of (src/fs/native-calls.ts), each as `name`, which
// promises its answer, and as `nameSync`, which gives it. They work on numbers of open directories and files
// (handles.h) and on names in them. A wrong argument throws; a call that fails answers with a failure object.
void ExportSystemCalls(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_SYSTEM_CALLS_H_
