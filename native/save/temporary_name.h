#ifndef INDELIBLE_TEMPORARY_NAME_H_
#define INDELIBLE_TEMPORARY_NAME_H_

#include <cstdint>
#include <string>

#include "../base/status.h"

namespace indelible {

// What a name says about its file, for a sweep (src/fs/temporary-name.ts).
enum class TemporaryKind : uint8_t {
  // On a local filesystem, and open for writing by its maker as long as it has the name.
  kOpen,
  // On a local filesystem.
  kLocal,
  // On any filesystem.
  kAny,
};

// A name for a temporary: `.indelible-`, its kind, its owner, and 80 random bits in base 32. The name of the
// target does not matter.
Status TemporaryName(TemporaryKind kind, std::string* name);

// Records this process as the owner in all later names. False if the owner is not a part of such a name.
[[nodiscard]] bool SetTemporaryOwner(const std::string& owner);

}  // namespace indelible

#endif  // INDELIBLE_TEMPORARY_NAME_H_
