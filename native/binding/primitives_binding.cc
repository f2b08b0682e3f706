#include "primitives_binding.h"

#include "../platform/primitives.h"
#include "arguments.h"
#include "call_binding.h"
#include "function_export.h"

namespace indelible {

namespace {

namespace primitives = platform::primitives;

using Form = Environment::Form;

int DescriptorArgument(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }

template <Status (*Primitive)(int)>
Napi::Value OnDescriptor(const Napi::CallbackInfo& info, Form form) {
  return Make(info, form, [descriptor = DescriptorArgument(info[0])](int*) { return Primitive(descriptor); });
}

Napi::Value SyncFileRange(const Napi::CallbackInfo& info, Form form) {
  return Make(info, form,
              [descriptor = DescriptorArgument(info[0]), offset = Int53Argument(info[1]),
               length = Int53Argument(info[2]), flags = Uint32Argument(info[3])](int*) {
                return primitives::SyncFileRange(descriptor, offset, length, flags);
              });
}

Napi::Value SyncDirectory(const Napi::CallbackInfo& info, Form form) {
  return Make(info, form, [path = PathArgument(info[0])](int*) { return primitives::SyncDirectory(path); });
}

Napi::Value RenameAt2(const Napi::CallbackInfo& info, Form form) {
  return Make(info, form,
              [from = PathArgument(info[0]), to = PathArgument(info[1]),
               flags = Uint32Argument(info[2])](int*) { return primitives::RenameAt2(from, to, flags); });
}

Napi::Value LinkAt(const Napi::CallbackInfo& info, Form form) {
  if (info[0].IsNumber()) {
    return Make(info, form, [from = DescriptorArgument(info[0]), to = PathArgument(info[1])](int*) {
      return primitives::LinkDescriptor(from, to);
    });
  }
  return Make(info, form, [from = PathArgument(info[0]), to = PathArgument(info[1])](int*) {
    return primitives::LinkPath(from, to);
  });
}

Napi::Value OpenTmpfile(const Napi::CallbackInfo& info, Form form) {
  return Make(info, form, [directory = PathArgument(info[0]), mode = Uint32Argument(info[1])](int* number) {
    return primitives::OpenTmpfile(directory, mode, number);
  });
}

}  // namespace

void ExportPrimitives(Napi::Env env, Napi::Object exports) {
  ExportForms(env, exports, "renameat2", RenameAt2);
  ExportForms(env, exports, "openTmpfile", OpenTmpfile);
  ExportForms(env, exports, "linkat", LinkAt);
  ExportForms(env, exports, "fdatasync", OnDescriptor<primitives::FDataSync>);
  ExportForms(env, exports, "fsync", OnDescriptor<primitives::FSync>);
  ExportForms(env, exports, "fullfsync", OnDescriptor<primitives::FullFSync>);
  ExportForms(env, exports, "barrierfsync", OnDescriptor<primitives::BarrierFSync>);
  ExportForms(env, exports, "syncfs", OnDescriptor<primitives::SyncFs>);
  ExportForms(env, exports, "syncFileRange", SyncFileRange);
  ExportForms(env, exports, "syncDirectory", SyncDirectory);
}

}  // namespace indelible
