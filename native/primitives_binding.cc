#include "primitives_binding.h"

#include <string>

#include "arguments.h"
#include "call_binding.h"
#include "platform/primitives.h"

namespace indelible {

namespace {

namespace primitives = platform::primitives;

int DescriptorArgument(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }

template <Status (*Function)(int)>
Call OnDescriptor(const Napi::CallbackInfo& info) {
  return [descriptor = DescriptorArgument(info[0])](int*) { return Function(descriptor); };
}

Call SyncFileRange(const Napi::CallbackInfo& info) {
  return [descriptor = DescriptorArgument(info[0]), offset = Int53Argument(info[1]),
          length = Int53Argument(info[2]), flags = Uint32Argument(info[3])](int*) {
    return primitives::SyncFileRange(descriptor, offset, length, flags);
  };
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
  Export<SyncFileRange>(env, exports, "syncFileRange");
  Export<SyncDirectory>(env, exports, "syncDirectory");
}

}  // namespace indelible
