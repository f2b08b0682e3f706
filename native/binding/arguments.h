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

// The bytes of a Uint8Array. They stay at their address as long as `owner` is referenced.
struct Bytes {
  uint8_t* data = nullptr;
  size_t size = 0;
  Napi::Object owner;
};

// Number.MAX_SAFE_INTEGER.
inline constexpr uint64_t kHighestExact = (uint64_t{1} << 53) - 1;

// False, and `*integer` stays as it is, unless the number is an integer from 0 to `highest`.
bool ReadInteger(const Napi::Number& number, uint64_t highest, uint64_t* integer);

// Reads the arguments of a call from JavaScript in their order and checks each: they may be anything. The
// first wrong one throws, with the code that Node's own functions use; arguments read after it are empty. An
// entry reads all of its arguments and returns at once, with an empty value, unless `ok`.
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  [[nodiscard]] bool ok() const { return !wrong_; }

  // The number of arguments not read yet.
  size_t left() const { return info_.Length() > next_ ? info_.Length() - next_ : 0; }
  // Whether the next argument is a number. Does not read it.
  bool NextIsNumber() const { return Peek().IsNumber(); }
  // A path is a string or bytes, which may not be UTF-8.
  std::string Path(const char* name);
  // Empty if it is undefined.
  std::string OptionalPath(const char* name);
  // The working directory at this moment, if the path is relative. Null if it cannot be opened.
  static std::shared_ptr<platform::Directory> BaseOf(const std::string& path);
  // One component of a path. A slash at the end requires a directory.
  std::string Component(const char* name);
  std::vector<std::string> Components(const char* name);
  bool Boolean(const char* name);
  uint32_t Uint32(const char* name, uint32_t highest = std::numeric_limits<uint32_t>::max());
  // Up to Number.MAX_SAFE_INTEGER.
  uint64_t Uint53(const char* name);
  // A BigInt up to the highest file offset.
  uint64_t Uint63(const char* name);
  Bytes Uint8Array(const char* name);
  Napi::Function Function(const char* name);

  std::shared_ptr<OpenDirectory> Directory(const char* name) { return Opened<OpenDirectory>(name); }
  std::shared_ptr<OpenFile> File(const char* name) { return Opened<OpenFile>(name); }
  std::shared_ptr<TemporaryFile> Temporary(const char* name) { return Opened<TemporaryFile>(name); }
  // Null if the number is 0.
  std::shared_ptr<OpenFile> OptionalFile(const char* name) {
    return SkipZero() ? nullptr : Opened<OpenFile>(name);
  }
  std::shared_ptr<TemporaryFile> OptionalTemporary(const char* name) {
    return SkipZero() ? nullptr : Opened<TemporaryFile>(name);
  }
  // The number of an open directory, file or temporary.
  uint64_t Handle(const char* name);

  // Whether the next argument is the number 0, which means none. Reads it only then.
  bool SkipZero();

  // For checks of an entry itself.
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

}  // namespace indelible

#endif  // INDELIBLE_ARGUMENTS_H_
