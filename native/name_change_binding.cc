#include "name_change_binding.h"

#include "arguments.h"
#include "call_binding.h"
#include "name_change.h"

namespace indelible {

namespace {

Name NameArgument(const Napi::CallbackInfo& info, size_t first) {
  return Name{PathArgument(info[first]), PathArgument(info[first + 1])};
}

// (directory, name, directory, name, durable)
template <Status (*Change)(const Name&, const Name&, bool, bool*)>
Call BetweenNames(const Napi::CallbackInfo& info) {
  return [one = NameArgument(info, 0), other = NameArgument(info, 2),
          durable = info[4].ToBoolean().Value()](int* number) {
    bool published = false;
    Status status = Change(one, other, durable, &published);
    *number = published ? kPublished : 0;
    return status;
  };
}

// (target, directory, name, temporary, durable)
Call Symlink(const Napi::CallbackInfo& info) {
  return [target = PathArgument(info[0]), name = NameArgument(info, 1), temporary = PathArgument(info[3]),
          durable = info[4].ToBoolean().Value()](int* number) {
    bool published = false;
    Status status = ReplaceSymlink(target, name, temporary, durable, &published);
    *number = published ? kPublished : 0;
    return status;
  };
}

}  // namespace

void ExportNameChanges(Napi::Env env, Napi::Object exports) {
  Export<BetweenNames<Exchange>>(env, exports, "exchange");
  Export<BetweenNames<RenameExclusive>>(env, exports, "renameExclusive");
  Export<Symlink>(env, exports, "replaceSymlink");
}

}  // namespace indelible
