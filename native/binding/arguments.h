#ifndef INDELIBLE_ARGUMENTS_H_
#define INDELIBLE_ARGUMENTS_H_

#include <napi.h>

#include <cstdint>
#include <string>

#include "../platform/platform.h"

namespace indelible {

// Reading JavaScript's arguments. The facade has checked them; these only convert.

// A path comes as a string or, where it may not be UTF-8, as a Buffer.
inline std::string PathArgument(const Napi::Value& value) {
  if (value.IsBuffer()) {
    const auto buffer = value.As<Napi::Buffer<char>>();
    return platform::GenericPath(std::string(buffer.Data(), buffer.Length()));
  }
  return platform::GenericPath(value.As<Napi::String>().Utf8Value());
}

inline uint32_t Uint32Argument(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }

inline int64_t Int53Argument(const Napi::Value& value) { return value.As<Napi::Number>().Int64Value(); }

inline uint64_t Uint53Argument(const Napi::Value& value) {
  return static_cast<uint64_t>(Int53Argument(value));
}

}  // namespace indelible

#endif  // INDELIBLE_ARGUMENTS_H_
