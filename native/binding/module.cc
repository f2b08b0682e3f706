#include <napi.h>

#include "environment.h"
#include "save_entries.h"
#include "system_calls.h"
#include "wire.h"

namespace indelible {

namespace {

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  Environment::Create(env);
  exports.Set("wire", wire::Description());
  ExportSaves(env, exports);
  ExportSystemCalls(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(indelible, Initialise)

}  // namespace indelible
