#ifndef INDELIBLE_TEMPORARY_FILE_H_
#define INDELIBLE_TEMPORARY_FILE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "../platform/platform.h"
#include "filesystem_id.h"
#include "temporary.h"

namespace indelible {

// A file for the caller to write by its own descriptor, until it is published by a save that adopts it.
// Destroyed, it closes the descriptor, and what has not been published is gone.
class TemporaryFile {
 public:
  TemporaryFile(std::shared_ptr<platform::Directory> directory, const platform::Identity& identity)
      : directory_(std::move(directory)), identity_(identity), temporary_(*directory_) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  Status Create(uint32_t mode, bool unnamed) { return temporary_.CreateLocked(mode, unnamed); }

  const Temporary& temporary() const { return temporary_; }
  FilesystemId filesystem() const { return FilesystemId::Of(identity_); }
  const platform::Directory& directory() const { return *directory_; }

 private:
  const std::shared_ptr<platform::Directory> directory_;
  const platform::Identity identity_;
  Temporary temporary_;
};

}  // namespace indelible

#endif  // INDELIBLE_TEMPORARY_FILE_H_
