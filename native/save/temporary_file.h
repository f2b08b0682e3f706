#ifndef INDELIBLE_TEMPORARY_FILE_H_
#define INDELIBLE_TEMPORARY_FILE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "../platform/platform.h"
#include "content_copy.h"
#include "temporary.h"

namespace indelible {

// A temporary that the caller writes by its descriptor, until a save adopts and publishes it. The destructor
// closes the descriptor; an unpublished file is then gone.
class TemporaryFile {
 public:
  TemporaryFile(std::shared_ptr<platform::Directory> directory, const platform::Identity& identity,
                TemporaryKind kind)
      : directory_(std::move(directory)),
        identity_(identity),
        temporary_(*directory_, platform::FilesystemId::Of(identity_), kind) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  Status Create(bool unnamed) { return temporary_.CreatePrivate(unnamed); }

  // The next bytes of the file, from `offset` on; `*copied` is 0 at its end (content_copy.h).
  Status CopyFrom(const platform::Descriptor& file, uint64_t offset, uint64_t* copied) {
    return CopyContent(file, temporary_.file(), filesystem(), offset, copied);
  }

  Temporary& temporary() { return temporary_; }
  platform::FilesystemId filesystem() const { return platform::FilesystemId::Of(identity_); }
  const platform::Directory& directory() const { return *directory_; }

 private:
  const std::shared_ptr<platform::Directory> directory_;
  const platform::Identity identity_;
  Temporary temporary_;
};

}  // namespace indelible

#endif  // INDELIBLE_TEMPORARY_FILE_H_
