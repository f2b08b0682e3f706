#include "sweep_binding.h"

#include <errno.h>

#include <string>
#include <utility>

#include "binding/arguments.h"
#include "binding/call_binding.h"
#include "binding/function_export.h"
#include "platform/platform.h"
#include "tree.h"

namespace indelible {

namespace {

using platform::RemoveResult;

int NumberOf(RemoveResult result) {
  switch (result) {
    case RemoveResult::kRemoved:
      return 1;
    case RemoveResult::kLocked:
      return 2;
    case RemoveResult::kUnknown:
      return 0;
  }
  return 0;
}

Napi::Value RemoveIfUnlocked(const Napi::CallbackInfo& info, Environment::Form form) {
  return MakeNumbered(info, form, [path = PathArgument(info[0]), name = PathArgument(info[1])](int* number) {
    platform::Directory directory;
    Status status = platform::OpenDirectory(nullptr, path, &directory);
    if (!status.ok()) return status;
    RemoveResult result = RemoveResult::kUnknown;
    status = platform::RemoveIfUnlocked(directory, name, &result);
    *number = NumberOf(result);
    return status;
  });
}

// An old tree that was to be removed anyway (directory_replacement.h): nobody needs it, and whoever is
// removing it does not mind.
Napi::Value RemoveOldTree(const Napi::CallbackInfo& info, Environment::Form form) {
  return MakeNumbered(info, form, [path = PathArgument(info[0]), name = PathArgument(info[1])](int* number) {
    platform::Directory directory;
    Status status = platform::OpenDirectory(nullptr, path, &directory);
    if (!status.ok()) return status;
    status = RemoveTree(directory, name);
    *number = NumberOf(status.ok() ? RemoveResult::kRemoved : RemoveResult::kUnknown);
    // Something is mounted in it.
    return status.error() == EBUSY ? Status::Ok() : std::move(status);
  });
}

}  // namespace

void ExportSweep(Napi::Env env, Napi::Object exports) {
  ExportForms(env, exports, "removeTemporaryIfUnlocked", RemoveIfUnlocked);
  ExportForms(env, exports, "removeOldTree", RemoveOldTree);
}

}  // namespace indelible
