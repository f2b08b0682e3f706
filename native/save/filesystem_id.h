#ifndef INDELIBLE_FILESYSTEM_ID_H_
#define INDELIBLE_FILESYSTEM_ID_H_

#include <cstdint>
#include <tuple>

#include "../platform/platform.h"

namespace indelible {

// A mounted filesystem, as the kernel tells them apart.
struct FilesystemId {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint64_t mount = 0;

  static FilesystemId Of(const platform::Identity& identity) {
    return FilesystemId{identity.major, identity.minor, identity.mount};
  }
  bool operator==(const FilesystemId& other) const {
    return major == other.major && minor == other.minor && mount == other.mount;
  }
  bool operator<(const FilesystemId& other) const {
    return std::tie(major, minor, mount) < std::tie(other.major, other.minor, other.mount);
  }
};

}  // namespace indelible

#endif  // INDELIBLE_FILESYSTEM_ID_H_
