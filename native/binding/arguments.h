#ifndef INDELIBLE_ARGUMENTS_H_
#define INDELIBLE_ARGUMENTS_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "../platform/platform.h"
#include "handles.h"

namespace indelible {

// Bytes of a Uint8Array, which stay where they are as long as `owner` is referred to.
struct Bytes {
  uint8_t* data = nullptr;
  size_t size = 0;
  Napi::Object owner;
};

// Reads the arguments of a call from JavaScript, in their order, and checks each: what calls may be anything.
// The first wrong one throws, with the code that Node's own functions have; what is read after it is empty.
// An entry reads all of its arguments and returns at once, with an empty value, unless they are `ok`.
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  [[nodiscard]] bool ok() const { return !wrong_; }

  // How many have not been read yet.
  size_t left() const { return info_.Length() > next_ ? info_.Length() - next_ : 0; }
  // Whether the next one is a number, which is read all the same.
  bool NextIsNumber() const { return Peek().IsNumber(); }
  // A path is a string or, where it may not be UTF-8, bytes.
  std::string Path(const char* name);
  // Empty where it is undefined.
  std::string OptionalPath(const char* name);
  // One component of a path. A slash at its end asks for a directory.
  std::string Component(const char* name);
  std::vector<std::string> Components(const char* name);
  bool Boolean(const char* name);
  uint32_t Uint32(const char* name, uint32_t highest = std::numeric_limits<uint32_t>::max());
  // Up to the highest number that JavaScript has exactly.
  uint64_t Uint53(const char* name);
  // A BigInt, no higher than the offsets of a file.
  uint64_t Uint63(const char* name);
  Bytes Uint8Array(const char* name);
  Napi::Function Function(const char* name);

  std::shared_ptr<OpenDirectory> Directory(const char* name) { return Opened<OpenDirectory>(name); }
  std::shared_ptr<OpenFile> File(const char* name) { return Opened<OpenFile>(name); }
  std::shared_ptr<TemporaryFile> Temporary(const char* name) { return Opened<TemporaryFile>(name); }
  // Null where the number is 0.
  std::shared_ptr<OpenFile> OptionalFile(const char* name) {
    return SkipZero() ? nullptr : Opened<OpenFile>(name);
  }
  std::shared_ptr<TemporaryFile> OptionalTemporary(const char* name) {
    return SkipZero() ? nullptr : Opened<TemporaryFile>(name);
  }
  // Of any kind; the number of something that is open.
  uint64_t Handle(const char* name);

  // Whether the next one was the number 0, which means that there is none.
  bool SkipZero();

  // For what an entry has to check itself.
  void ThrowType(const char* name, const char* expected);
  void ThrowValue(const char* name, const char* expected);
  void ThrowRange(const char* name, const char* expected);

 private:
  Napi::Value Peek() const { return info_[next_]; }
  Napi::Value Next() { return info_[next_++]; }
  std::string PathOf(const Napi::Value& value, const char* name);
  std::string ComponentOf(const Napi::Value& value, const char* name);
  uint64_t Integer(const char* name, uint64_t highest);
  const Handles::Opened* Find(const char* name, uint64_t* number);
  template <typename Kind>
  std::shared_ptr<Kind> Opened(const char* name);

  const Napi::CallbackInfo& info_;
  size_t next_ = 0;
  bool wrong_ = false;
};

// Reading arguments that the facade has checked; these only convert.

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
