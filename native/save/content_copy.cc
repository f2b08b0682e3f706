#include "content_copy.h"

#include <errno.h>

#include <cstddef>
#include <vector>

#include "optional_calls.h"

namespace indelible {

namespace {

using platform::Descriptor;
using platform::FilesystemId;

// So that a copy can be cancelled in between.
constexpr uint64_t kCopyRange = 64 << 20;
constexpr size_t kBuffer = 256 << 10;

Status Clone(const Descriptor& from, const Descriptor& to, uint64_t* copied) {
  Status status = platform::CloneContent(from, to);
  if (!status.ok()) return status;
  platform::FileVersion version;
  status = platform::ReadVersion(to, &version);
  *copied = version.size;
  return status;
}

Status CopyRange(const Descriptor& from, const Descriptor& to, uint64_t offset, uint64_t* copied) {
  Status status;
  do status = platform::CopyRange(from, to, offset, kCopyRange, copied);
  while (status.error() == EINTR);
  return status;
}

Status CopyThroughMemory(const Descriptor& from, const Descriptor& to, uint64_t offset, uint64_t* copied) {
  std::vector<uint8_t> buffer(kBuffer);
  size_t size = 0;
  Status status;
  do status = platform::ReadAt(from, offset, buffer.data(), buffer.size(), &size);
  while (status.error() == EINTR);
  if (!status.ok()) return status;
  while (*copied < size) {
    size_t written = 0;
    status = platform::WriteAt(to, offset + *copied, buffer.data() + *copied, size - *copied, &written);
    if (status.error() == EINTR) continue;
    if (!status.ok()) return status;
    // As in Temporary::Write.
    if (written == 0) return Status::Failed("write", EIO);
    *copied += written;
  }
  return Status::Ok();
}

// The other call has worked. EXDEV and EINVAL may concern only these two files.
void Remember(const FilesystemId& filesystem, OptionalCall call, const Status& status) {
  if (!status.ok() && status.error() != EXDEV && status.error() != EINVAL) SetUnavailable(filesystem, call);
}

// A call that has copied nothing may be at the end, or not know the size of the file (/proc): read(2) tells.
bool IsFinal(OptionalCall call, const Status& status, uint64_t copied) {
  return status.ok() ? copied > 0 : !MayBeUnavailable(call, status);
}

Status CopyInKernel(const Descriptor& from, const Descriptor& to, const FilesystemId& filesystem,
                    uint64_t offset, uint64_t* copied) {
  Status ranged;
  if (!IsUnavailable(filesystem, OptionalCall::kCopyRange)) {
    ranged = CopyRange(from, to, offset, copied);
    if (IsFinal(OptionalCall::kCopyRange, ranged, *copied)) return ranged;
  }
  Status status = CopyThroughMemory(from, to, offset, copied);
  if (status.ok()) Remember(filesystem, OptionalCall::kCopyRange, ranged);
  return status;
}

}  // namespace

Status CopyContent(const Descriptor& from, const Descriptor& to, const FilesystemId& filesystem,
                   uint64_t offset, uint64_t* copied) {
  *copied = 0;
  Status cloned;
  if (offset == 0 && !IsUnavailable(filesystem, OptionalCall::kClone)) {
    cloned = Clone(from, to, copied);
    if (IsFinal(OptionalCall::kClone, cloned, *copied)) return cloned;
  }
  Status status = CopyInKernel(from, to, filesystem, offset, copied);
  if (status.ok()) Remember(filesystem, OptionalCall::kClone, cloned);
  return status;
}

}  // namespace indelible
