#ifndef INDELIBLE_SAVE_REQUEST_H_
#define INDELIBLE_SAVE_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "../platform/platform.h"
#include "plan.h"

namespace indelible {

// One save with all options resolved. There are no defaults at this level.
struct SaveRequest {
  // Absolute, or relative to `base`.
  std::string path;
  // Null: the working directory.
  std::shared_ptr<const platform::Directory> base;
  const uint8_t* data = nullptr;
  size_t size = 0;
  PlanChoice plan = PlanChoice::kDurable;
  bool exclusive = false;
  bool follow_symlinks = true;
  bool make_directories = false;
  // What the new version takes over from the replaced one: the mode (on macOS and Windows also the access
  // list); owner and group; extended attributes and file flags. An access list is never taken over without
  // the mode.
  bool preserve_mode = true;
  bool preserve_owner = true;
  bool preserve_attributes = true;
  bool strict = false;
  // The exact mode, if the caller has given one.
  bool has_mode = false;
  uint32_t mode = 0;
  // The mode of a file that has neither an exact mode nor the mode of the replaced file. The umask applies.
  uint32_t create_mode = 0666;
  // The owner and the group that the caller has given, each alone or both.
  bool has_uid = false;
  uint32_t uid = 0;
  bool has_gid = false;
  uint32_t gid = 0;
  // The save fails if the process may not set them. Otherwise they are set as far as the process may.
  bool owner_required = true;
  // The save fails unless the process may write the file that exists, as open(2) would.
  bool only_if_writable = false;
  // Measure the time of each stage.
  bool timed = false;
  // The save fails unless the target is this version when it is replaced. Null: any version.
  std::shared_ptr<const platform::FileVersion> expected;
  // Where to keep the old version: absolute, or empty.
  std::string previous;
};

}  // namespace indelible

#endif  // INDELIBLE_SAVE_REQUEST_H_
