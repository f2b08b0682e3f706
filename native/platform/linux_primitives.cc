#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "posix.h"
#include "primitives.h"

namespace indelible::platform::primitives {

using posix::Checked;

Status RenameAt2(const std::string& from, const std::string& to, uint32_t flags) {
  return Checked(
      static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags)),
      "renameat2");
}

Status OpenTmpfile(const std::string& directory, uint32_t mode, int* descriptor) {
  *descriptor = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
  return *descriptor >= 0 ? Status::Ok() : Status::Failed("open", errno);
}

Status LinkPath(const std::string& from, const std::string& to) {
  return Checked(linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), 0), "linkat");
}

Status LinkDescriptor(int from, const std::string& to) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", from);
  return Checked(linkat(AT_FDCWD, path, AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW), "linkat");
}

Status SyncFileRange(int descriptor, int64_t offset, int64_t length, uint32_t flags) {
  return Checked(sync_file_range(descriptor, offset, length, flags), "sync_file_range");
}

Status FDataSync(int descriptor) { return Checked(fdatasync(descriptor), "fdatasync"); }

Status FSync(int descriptor) { return Checked(fsync(descriptor), "fsync"); }

Status FullFSync(int) { return Status::Failed("fullfsync", ENOSYS); }

Status BarrierFSync(int) { return Status::Failed("barrierfsync", ENOSYS); }

Status SyncFs(int descriptor) { return Checked(syncfs(descriptor), "syncfs"); }

Status SyncDirectory(const std::string& directory) {
  Directory opened;
  opened.descriptor = Descriptor(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.descriptor.valid()) return Status::Failed("open", errno);
  return platform::SyncDirectory(opened);
}

}  // namespace indelible::platform::primitives
