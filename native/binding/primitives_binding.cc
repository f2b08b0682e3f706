#include "primitives_binding.h"

#include <cstdint>
#include <string>
#include <utility>

#include "../platform/primitives.h"
#include "arguments.h"
#include "call_binding.h"
#include "function_export.h"

namespace indelible {

namespace {

namespace primitives = platform::primitives;

using Form = Environment::Form;

constexpr uint32_t kModeBits = 07777;
constexpr uint32_t kHighestDescriptor = 0x7fffffff;

int DescriptorOf(Arguments* arguments) {
  return static_cast<int>(arguments->Uint32("fd", kHighestDescriptor));
}

template <Status (*Primitive)(int)>
Napi::Value OnDescriptor(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  const int descriptor = DescriptorOf(&arguments);
  if (!arguments.ok()) return Napi::Value();
  return MakeNumbered(info, form, [descriptor](int*) { return Primitive(descriptor); });
}

Napi::Value SyncFileRange(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  const int descriptor = DescriptorOf(&arguments);
  const auto offset = static_cast<int64_t>(arguments.Uint53("offset"));
  const auto length = static_cast<int64_t>(arguments.Uint53("length"));
  const uint32_t flags = arguments.Uint32("flags");
  if (!arguments.ok()) return Napi::Value();
  return MakeNumbered(info, form, [descriptor, offset, length, flags](int*) {
    return primitives::SyncFileRange(descriptor, offset, length, flags);
  });
}

Napi::Value SyncDirectory(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  std::string path = arguments.Path("directory");
  if (!arguments.ok()) return Napi::Value();
  return MakeNumbered(info, form, [path = std::move(path)](int*) { return primitives::SyncDirectory(path); });
}

Napi::Value RenameAt2(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  std::string from = arguments.Path("from");
  std::string to = arguments.Path("to");
  const uint32_t flags = arguments.Uint32("flags");
  if (!arguments.ok()) return Napi::Value();
  return MakeNumbered(info, form, [from = std::move(from), to = std::move(to), flags](int*) {
    return primitives::RenameAt2(from, to, flags);
  });
}

Napi::Value LinkAt(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  if (arguments.NextIsNumber()) {
    const int from = DescriptorOf(&arguments);
    std::string to = arguments.Path("to");
    if (!arguments.ok()) return Napi::Value();
    return MakeNumbered(info, form,
                        [from, to = std::move(to)](int*) { return primitives::LinkDescriptor(from, to); });
  }
  std::string from = arguments.Path("from");
  std::string to = arguments.Path("to");
  if (!arguments.ok()) return Napi::Value();
  return MakeNumbered(info, form, [from = std::move(from), to = std::move(to)](int*) {
    return primitives::LinkPath(from, to);
  });
}

Napi::Value OpenTmpfile(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  std::string directory = arguments.Path("directory");
  const uint32_t mode = arguments.Uint32("mode", kModeBits);
  if (!arguments.ok()) return Napi::Value();
  return MakeNumbered(info, form, [directory = std::move(directory), mode](int* number) {
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
