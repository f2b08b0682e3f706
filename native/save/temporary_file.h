#ifndef INDELIBLE_TEMPORARY_FILE_H_
#define INDELIBLE_TEMPORARY_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "../platform/platform.h"
#include "plan_cache.h"
#include "save_request.h"
#include "temporary.h"

namespace indelible {

// A file for the caller to write by its own descriptor, until it is published by a save that adopts it.
// Destroyed, it closes the descriptor, and what has not been published is gone.
class TemporaryFile {
 public:
  TemporaryFile() : directory_(std::make_shared<platform::Directory>()), temporary_(*directory_) {}
  // In a directory that is open already.
  TemporaryFile(std::shared_ptr<platform::Directory> directory, const platform::Identity& identity)
      : directory_(std::move(directory)), identity_(identity), temporary_(*directory_) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  // In the directory that is the request's path. kUndecided: nothing has been opened, and the filesystem
  // needs a decision first, unless `insist`: then it goes by the safe default.
  enum class Opened { kReady, kFailed, kUndecided };
  Opened Open(const SaveRequest& request, PlanCache* plans, bool insist, Status* status);

  Status Create(uint32_t mode, bool unnamed) { return temporary_.CreateLocked(mode, unnamed); }

  const Temporary& temporary() const { return temporary_; }
  FilesystemId filesystem() const { return FilesystemId::Of(identity_); }
  const platform::Directory& directory() const { return *directory_; }
  uint64_t undecided_generation() const { return generation_; }
  bool unnamed() const { return temporary_.name().empty(); }

 private:
  std::shared_ptr<platform::Directory> directory_;
  platform::Identity identity_;
  PlanRequest needed_;
  Temporary temporary_;
};

}  // namespace indelible

#endif  // INDELIBLE_TEMPORARY_FILE_H_
