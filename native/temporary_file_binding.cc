#include "temporary_file_binding.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "binding/arguments.h"
#include "binding/environment.h"
#include "binding/function_export.h"
#include "binding/save_request_argument.h"
#include "save/temporary_file.h"

namespace indelible {

namespace {

using Form = Environment::Form;

// (directory, an empty Uint8Array, flags, mode, uid, gid, previous, ticket, insist): twice the descriptor,
// and one more where the file has no name; or what has to be decided first.
Napi::Value Open(const Napi::CallbackInfo& info, Form form) {
  const Napi::Boolean insist = info[kSaveRequestArguments + 1].As<Napi::Boolean>();
  return Environment::Of(info.Env())
      .OpenTemporary(info.Env(), SaveRequestArgument(info, 0), Uint53Argument(info[kSaveRequestArguments]),
                     insist, form);
}

// (path, an empty Uint8Array, flags, mode, uid, gid, previous, ticket, the temporary's ticket): the outcome,
// as of a save; in the synchronous form null if a filesystem has to be decided about first.
Napi::Value Publish(const Napi::CallbackInfo& info, Form form) {
  return Environment::Of(info.Env())
      .PublishTemporary(info.Env(), SaveRequestArgument(info, 0), Uint53Argument(info[kSaveRequestArguments]),
                        Uint53Argument(info[kSaveRequestArguments + 1]), form);
}

// (ticket): 0.
Napi::Value Close(const Napi::CallbackInfo& info, Form form) {
  return Environment::Of(info.Env()).CloseTemporary(info.Env(), Uint53Argument(info[0]), form);
}

}  // namespace

void ExportTemporaryFiles(Napi::Env env, Napi::Object exports) {
  ExportForms(env, exports, "openTemporary", Open);
  ExportForms(env, exports, "publishTemporary", Publish);
  ExportForms(env, exports, "closeTemporary", Close);
}

}  // namespace indelible
