#include "arguments.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "environment.h"

namespace indelible {

namespace {

// No system takes a path that is this long, also if its end is cut off: PATH_MAX of Linux is 4096, and
// Windows takes 32,767 characters. A longer one must not use up the memory.
constexpr size_t kLongestPath = size_t{1} << 17;

constexpr uint64_t kHighestOffset = (uint64_t{1} << 63) - 1;

std::string MessageOf(const char* name, const char* expected) {
  return std::string("The \"") + name + "\" argument must be " + expected;
}

}  // namespace

bool ReadInteger(const Napi::Number& number, uint64_t highest, uint64_t* integer) {
  const double value = number.DoubleValue();
  // NaN compares as false.
  if (!(value >= 0 && value <= static_cast<double>(highest) && std::trunc(value) == value)) return false;
  *integer = static_cast<uint64_t>(value);
  return true;
}

void Arguments::ThrowType(const char* name, const char* expected) {
  // While one exception is pending no other can be thrown.
  if (std::exchange(wrong_, true)) return;
  // Fails only in a worker that is being terminated, where no JavaScript runs any more.
  static_cast<void>(
      napi_throw_type_error(info_.Env(), "ERR_INVALID_ARG_TYPE", MessageOf(name, expected).c_str()));
}

void Arguments::ThrowValue(const char* name, const char* expected) {
  if (std::exchange(wrong_, true)) return;
  static_cast<void>(
      napi_throw_type_error(info_.Env(), "ERR_INVALID_ARG_VALUE", MessageOf(name, expected).c_str()));
}

void Arguments::ThrowRange(const char* name, const char* expected) {
  if (std::exchange(wrong_, true)) return;
  static_cast<void>(
      napi_throw_range_error(info_.Env(), "ERR_OUT_OF_RANGE", MessageOf(name, expected).c_str()));
}

std::string Arguments::Path(const char* name) { return PathOf(Next(), name); }

std::string Arguments::OptionalPath(const char* name) {
  const Napi::Value value = Next();
  return value.IsUndefined() ? std::string() : PathOf(value, name);
}

std::shared_ptr<platform::Directory> Arguments::BaseOf(const std::string& path) {
  if (path.empty() || path.front() == '/') return nullptr;
  auto base = std::make_shared<platform::Directory>();
  return platform::OpenWorkingDirectory(base.get()).ok() ? base : nullptr;
}

std::string Arguments::Component(const char* name) { return ComponentOf(Next(), name); }

std::vector<std::string> Arguments::Components(const char* name) {
  std::vector<std::string> components;
  const Napi::Value value = Next();
  if (wrong_) return components;
  if (!value.IsArray()) {
    ThrowType(name, "an array of names");
    return components;
  }
  const auto array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  for (uint32_t i = 0; i < length && !wrong_; ++i) {
    napi_value element = nullptr;
    // An accessor in the array may have thrown.
    if (napi_get_element(info_.Env(), array, i, &element) != napi_ok) {
      wrong_ = true;
      break;
    }
    components.push_back(ComponentOf(Napi::Value(info_.Env(), element), name));
  }
  return components;
}

std::string Arguments::PathOf(const Napi::Value& value, const char* name) {
  if (wrong_) return std::string();
  std::string path;
  if (value.IsString()) {
    size_t length = 0;
    static_cast<void>(napi_get_value_string_utf8(info_.Env(), value, nullptr, 0, &length));
    path.resize(std::min(length, kLongestPath));
    // Cut at the end of a character. The room is for a null byte.
    static_cast<void>(napi_get_value_string_utf8(info_.Env(), value, path.data(), path.size() + 1, &length));
    path.resize(std::min(length, path.size()));
  } else if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    const auto bytes = value.As<Napi::Uint8Array>();
    path.assign(reinterpret_cast<const char*>(bytes.Data()), std::min(bytes.ElementLength(), kLongestPath));
  } else {
    ThrowType(name, "a string or a Buffer");
    return path;
  }
  if (path.find('\0') != std::string::npos) {
    ThrowValue(name, "a path without null bytes");
    return std::string();
  }
  return platform::GenericPath(std::move(path));
}

std::string Arguments::ComponentOf(const Napi::Value& value, const char* name) {
  std::string component = PathOf(value, name);
  if (wrong_) return component;
  const size_t slash = component.find('/');
  if (component.empty() || slash == 0 || (slash != std::string::npos && slash + 1 != component.size()))
    ThrowValue(name, "one component of a path");
  return component;
}

bool Arguments::Boolean(const char* name) {
  const Napi::Value value = Next();
  if (wrong_) return false;
  if (value.IsBoolean()) return value.As<Napi::Boolean>();
  ThrowType(name, "of type boolean");
  return false;
}

uint64_t Arguments::Integer(const char* name, uint64_t highest) {
  const Napi::Value value = Next();
  if (wrong_) return 0;
  if (!value.IsNumber()) {
    ThrowType(name, "of type number");
    return 0;
  }
  uint64_t integer = 0;
  if (!ReadInteger(value.As<Napi::Number>(), highest, &integer)) ThrowRange(name, "an integer in its range");
  return integer;
}

bool Arguments::SkipZero() {
  const Napi::Value value = Peek();
  const bool is_zero = value.IsNumber() && value.As<Napi::Number>().DoubleValue() == 0;
  if (is_zero) ++next_;
  return is_zero;
}

uint32_t Arguments::Uint32(const char* name, uint32_t highest) {
  return static_cast<uint32_t>(Integer(name, highest));
}

uint64_t Arguments::Uint53(const char* name) { return Integer(name, kHighestExact); }

uint64_t Arguments::Uint63(const char* name) {
  const Napi::Value value = Next();
  if (wrong_) return 0;
  if (!value.IsBigInt()) {
    ThrowType(name, "of type bigint");
    return 0;
  }
  bool exact = false;
  const uint64_t number = value.As<Napi::BigInt>().Uint64Value(&exact);
  if (exact && number <= kHighestOffset) return number;
  ThrowRange(name, "an integer in its range");
  return 0;
}

Bytes Arguments::Uint8Array(const char* name) {
  const Napi::Value value = Next();
  if (wrong_) return Bytes();
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    ThrowType(name, "an instance of Uint8Array");
    return Bytes();
  }
  auto array = value.As<Napi::Uint8Array>();
  const Bytes bytes{array.Data(), array.ElementLength(), array};
  if (bytes.size > 0 && bytes.data == nullptr) {
    ThrowValue(name, "a view whose buffer is not detached");
    return Bytes();
  }
  return bytes;
}

Napi::Function Arguments::Function(const char* name) {
  const Napi::Value value = Next();
  if (!wrong_ && !value.IsFunction()) ThrowType(name, "of type function");
  return wrong_ ? Napi::Function() : value.As<Napi::Function>();
}

const Handles::Opened* Arguments::Find(const char* name, uint64_t* number) {
  *number = Uint53(name);
  if (wrong_) return nullptr;
  const Handles::Opened* const found = Environment::Of(info_.Env()).handles().Find(*number);
  if (found == nullptr) ThrowRange(name, "the number of an open directory, file or temporary");
  return found;
}

uint64_t Arguments::Handle(const char* name) {
  uint64_t number = 0;
  static_cast<void>(Find(name, &number));
  return number;
}

template <typename Kind>
std::shared_ptr<Kind> Arguments::Opened(const char* name) {
  uint64_t number = 0;
  const Handles::Opened* const found = Find(name, &number);
  if (found == nullptr) return nullptr;
  const auto* const opened = std::get_if<std::shared_ptr<Kind>>(found);
  if (opened == nullptr) {
    ThrowType(name, "the number of an open directory or file of the kind that the call needs");
    return nullptr;
  }
  return *opened;
}

template std::shared_ptr<OpenDirectory> Arguments::Opened(const char* name);
template std::shared_ptr<OpenFile> Arguments::Opened(const char* name);
template std::shared_ptr<TemporaryFile> Arguments::Opened(const char* name);

}  // namespace indelible
