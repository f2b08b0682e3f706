#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>

#include "directory_locks.h"
#include "posix.h"

namespace indelible::platform {

using posix::Checked;
using posix::Number;

namespace {

// BTRFS_SUPER_MAGIC and OVERLAYFS_SUPER_MAGIC (include/uapi/linux/magic.h).
constexpr uint64_t kBtrfs = 0x9123683e;
constexpr uint64_t kOverlay = 0x794c7630;

// The byte of a directory that is locked while the directory is synced. It is below the bytes that updates
// draw tickets from.
constexpr uint64_t kBeingSynced = uint64_t{1} << 61;

// Whether fsync(2) of a directory may return before the entries are safe while another process syncs the same
// directory.
//
// btrfs does so at the beginning of each of its transactions. Its log starts there with the number 0, which
// counts as committed from the start (fs/btrfs/disk-io.c, btrfs_add_log_tree: last_log_commit). So an inode
// that one call has put into this first log looks safe to the next call (btrfs_inode_in_log), which returns
// at once while the first call still waits for the disk. Linux 6.18: of 5,476 renames by four processes, with
// a commit every millisecond, the syncs of 101 returned before the disk had been flushed once.
//
// An overlay does not say which filesystem is below it. What cannot be known counts as yes.
bool MayReturnEarly(const Directory& directory) {
  struct statfs info = {};
  if (fstatfs(Number(directory), &info) != 0) return true;
  // The type of the field and its sign differ between machines.
  const auto type = static_cast<uint64_t>(info.f_type) & 0xffffffff;
  return type == kBtrfs || type == kOverlay;
}

}  // namespace

// Processes that sync a directory show it to each other by a lock for the duration of the sync. No process
// waits. A process that finds such a lock of another commits the whole filesystem. If the lock is gone by
// then, that sync has left the entries safe, including those of this caller if it was this call that returned
// early.
Status SyncDirectory(const Directory& directory) {
  if (directory.sync_waits || !MayReturnEarly(directory)) return Checked(fsync(Number(directory)), "fsync");
  // Without locks no process sees another, and each commits the whole filesystem.
  static std::atomic<bool> locks_unavailable{false};
  bool met = true;
  // A failure here affects only other processes, which then cannot see this sync, as they cannot see the sync
  // of another program.
  if (!locks_unavailable) {
    const int error = AddLock(directory, kBeingSynced).error();
    locks_unavailable = IsUnsupported(error) || MayBeForbidden(error);
  }
  Status status = Checked(fsync(Number(directory)), "fsync");
  if (!locks_unavailable) {
    std::optional<LockedRange> found;
    met = !FindLock(directory, kBeingSynced, kBeingSynced + 1, &found).ok() || found.has_value();
    (void)RemoveLock(directory, kBeingSynced);
  }
  if (status.ok() && met) status = Checked(syncfs(Number(directory)), "syncfs");
  return status;
}

}  // namespace indelible::platform
