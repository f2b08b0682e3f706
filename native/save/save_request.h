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
  std::string path;  // Absolute.
  const uint8_t* data = nullptr;
  size_t size = 0;
  PlanChoice plan = PlanChoice::kDurable;
  bool exclusive = false;
  bool follow_symlinks = true;
  bool make_directories = false;
  bool preserve_permissions = true;
  // Extended attributes and file flags as well.
  bool preserve_all = true;
  bool strict = false;
  bool has_mode = false;
  uint32_t mode = 0;
  bool has_owner = false;
  uint32_t uid = 0;
  uint32_t gid = 0;
  // Measure the time of each stage.
  bool timed = false;
  // The save fails unless the target is this version when it is replaced. Null: any version.
  std::shared_ptr<const platform::FileVersion> expected;
  // Where to keep the old version: absolute, or empty.
  std::string previous;
};

}  // namespace indelible

#endif  // INDELIBLE_SAVE_REQUEST_H_
