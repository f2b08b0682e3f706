#ifndef INDELIBLE_TEMPORARY_FILE_H_
#define INDELIBLE_TEMPORARY_FILE_H_

#include <cstdint>
#include <string>

#include "../platform/platform.h"
#include "plan_cache.h"
#include "save_request.h"
#include "temporary.h"

namespace indelible {

// A file for the caller to write by its own descriptor, until it is published by a save that adopts it.
// Destroyed, it closes the descriptor, and what has not been published is gone.
class TemporaryFile {
 public:
  TemporaryFile() : temporary_(directory_) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  // In the directory that is the request's path. kUndecided: nothing has been opened, and the filesystem
  // needs a decision first, unless `insist`: then it goes by the safe default.
  enum class Opened { kReady, kFailed, kUndecided };
  Opened Open(const SaveRequest& request, PlanCache* plans, bool insist, Status* status);

  const Temporary& temporary() const { return temporary_; }
  FilesystemId filesystem() const { return FilesystemId::Of(identity_); }
  const platform::Directory& directory() const { return directory_; }
  uint64_t undecided_generation() const { return needed_.generation; }
  bool unnamed() const { return temporary_.name().empty(); }

 private:
  platform::Directory directory_;
  platform::Identity identity_;
  PlanRequest needed_;
  Temporary temporary_;
};

}  // namespace indelible

#endif  // INDELIBLE_TEMPORARY_FILE_H_
