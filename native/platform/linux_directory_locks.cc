#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>

#include "directory_locks.h"
#include "posix.h"

namespace indelible::platform {

using posix::Checked;
using posix::Number;

namespace {

// The locks belong to the open file description (fcntl(2)), not to a thread or process. So two updates of one
// process exclude each other as well, and closing another descriptor of the directory changes nothing.
Status LockCall(const Directory& directory, int command, int type, uint64_t begin, uint64_t length,
                struct flock* range) {
  *range = {};
  range->l_type = static_cast<decltype(range->l_type)>(type);
  range->l_whence = SEEK_SET;
  range->l_start = static_cast<off_t>(begin);
  range->l_len = static_cast<off_t>(length);
  return Checked(fcntl(Number(directory), command, range), "fcntl");
}

}  // namespace

Status TryLockDirectory(const Directory& directory, bool* locked) {
  *locked = flock(Number(directory), LOCK_EX | LOCK_NB) == 0;
  return *locked || errno == EWOULDBLOCK ? Status::Ok() : Status::Failed("flock", errno);
}

Status UnlockDirectory(const Directory& directory) {
  return Checked(flock(Number(directory), LOCK_UN), "flock");
}

Status AddLock(const Directory& directory, uint64_t offset) {
  struct flock range;
  return LockCall(directory, F_OFD_SETLK, directory.lock_file ? F_WRLCK : F_RDLCK, offset, 1, &range);
}

Status RemoveLock(const Directory& directory, uint64_t offset) {
  struct flock range;
  return LockCall(directory, F_OFD_SETLK, F_UNLCK, offset, 1, &range);
}

Status FindLock(const Directory& directory, uint64_t begin, uint64_t end, std::optional<LockedRange>* found) {
  found->reset();
  // fcntl(2): length 0 would mean up to the highest offset.
  if (begin >= end) return Status::Ok();
  // F_OFD_GETLK tests for an exclusive lock with any descriptor.
  struct flock range;
  Status status = LockCall(directory, F_OFD_GETLK, F_WRLCK, begin, end - begin, &range);
  if (!status.ok() || range.l_type == F_UNLCK) return status;
  const auto locked = static_cast<uint64_t>(range.l_start);
  const uint64_t behind = range.l_len == 0 ? end : locked + static_cast<uint64_t>(range.l_len);
  *found = LockedRange{std::max(begin, locked), std::min(end, behind)};
  return status;
}

}  // namespace indelible::platform
