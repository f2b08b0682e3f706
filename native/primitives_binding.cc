#include "primitives_binding.h"

#include <functional>
#include <string>
#include <utility>

#include "arguments.h"
#include "environment.h"
#include "platform/primitives.h"

namespace indelible {

namespace {

namespace primitives = platform::primitives;

// The system call with its arguments bound; sets the number it answers with, if it has one.
using Call = std::function<Status(int* number)>;
using Bind = Call (*)(const Napi::CallbackInfo& info);

int DescriptorArgument(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }

template <Status (*Function)(int)>
Call OnDescriptor(const Napi::CallbackInfo& info) {
  return [descriptor = DescriptorArgument(info[0])](int*) { return Function(descriptor); };
}

Call SyncDirectory(const Napi::CallbackInfo& info) {
  return [path = PathArgument(info[0])](int*) { return primitives::SyncDirectory(path); };
}

Call RenameAt2(const Napi::CallbackInfo& info) {
  return [from = PathArgument(info[0]), to = PathArgument(info[1]), flags = Uint32Argument(info[2])](int*) {
    return primitives::RenameAt2(from, to, flags);
  };
}

Call LinkAt(const Napi::CallbackInfo& info) {
  if (info[0].IsNumber()) {
    return [from = DescriptorArgument(info[0]), to = PathArgument(info[1])](int*) {
      return primitives::LinkDescriptor(from, to);
    };
  }
  return [from = PathArgument(info[0]), to = PathArgument(info[1])](int*) {
    return primitives::LinkPath(from, to);
  };
}

Call OpenTmpfile(const Napi::CallbackInfo& info) {
  return [directory = PathArgument(info[0]), mode = Uint32Argument(info[1])](int* number) {
    return primitives::OpenTmpfile(directory, mode, number);
  };
}

Environment::Answer Answer(const Call& call) {
  int number = 0;
  Status status = call(&number);
  return [status = std::move(status), number](Napi::Env env) -> Napi::Value {
    if (!status.ok()) return FailureValue(env, status, false);
    return Napi::Number::New(env, number);
  };
}

template <Bind bind>
Napi::Value Asynchronous(const Napi::CallbackInfo& info) {
  return Environment::Of(info.Env()).Run(info.Env(), [call = bind(info)] { return Answer(call); });
}

template <Bind bind>
Napi::Value Synchronous(const Napi::CallbackInfo& info) {
  return Answer(bind(info))(info.Env());
}

template <Bind bind>
void Export(Napi::Env env, Napi::Object exports, const std::string& name) {
  exports.Set(name, Napi::Function::New<Asynchronous<bind>>(env, name));
  exports.Set(name + "Sync", Napi::Function::New<Synchronous<bind>>(env, name + "Sync"));
}

}  // namespace

void ExportPrimitives(Napi::Env env, Napi::Object exports) {
  Export<RenameAt2>(env, exports, "renameat2");
  Export<OpenTmpfile>(env, exports, "openTmpfile");
  Export<LinkAt>(env, exports, "linkat");
  Export<OnDescriptor<primitives::FDataSync>>(env, exports, "fdatasync");
  Export<OnDescriptor<primitives::FSync>>(env, exports, "fsync");
  Export<OnDescriptor<primitives::FullFSync>>(env, exports, "fullfsync");
  Export<OnDescriptor<primitives::BarrierFSync>>(env, exports, "barrierfsync");
  Export<OnDescriptor<primitives::SyncFs>>(env, exports, "syncfs");
  Export<SyncDirectory>(env, exports, "syncDirectory");
}

}  // namespace indelible
