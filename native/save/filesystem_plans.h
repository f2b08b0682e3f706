#ifndef INDELIBLE_FILESYSTEM_PLANS_H_
#define INDELIBLE_FILESYSTEM_PLANS_H_

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <tuple>

#include "../platform/platform.h"
#include "save_request.h"

namespace indelible {

// How the data gets to the disk before the rename.
enum class FileSync : uint8_t { kNone, kWriteBack, kData };

// One update protocol, as its steps.
struct Plan {
  FileSync file_sync = FileSync::kData;
  bool sync_directory = true;
  bool unnamed = false;
  // Some filesystems (NFS, FUSE) say only at close(2) that the data could not be stored.
  bool close_may_fail = true;
  // The version that is replaced keeps a name until the directory is synced.
  bool hold_replaced = false;
  // One syncfs makes a whole tree of files safe, and says so when it cannot.
  bool sync_filesystem = false;
  // Less than the request asked for: refused with `strict`.
  bool falls_short = false;
};

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

// What was decided for one filesystem. `number` is the facade's own name for the decision.
struct Decision {
  uint32_t number = 0;
  std::array<Plan, kPlanChoices> plans;
};

// The decisions made so far. Each holds as long as the mount table stays as it was when the evidence was
// read.
class FilesystemPlans {
 public:
  // False if there is no decision for this filesystem under the mount table of this moment, whose generation
  // it tells.
  bool Find(const FilesystemId& filesystem, Decision* decision, uint64_t* generation);
  // `generation` is the mount table's from before the evidence was read.
  void Set(const FilesystemId& filesystem, uint64_t generation, const Decision& decision);

 private:
  struct Entry {
    uint64_t generation;
    Decision decision;
  };
  std::mutex mutex_;
  std::map<FilesystemId, Entry> entries_;
};

}  // namespace indelible

#endif  // INDELIBLE_FILESYSTEM_PLANS_H_
