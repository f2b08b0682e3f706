#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "posix.h"
#include "primitives.h"

// In libSystem, as fdatasync(2) of POSIX, but in no header.
extern "C" int fdatasync(int descriptor);

namespace indelible::platform::primitives {

using posix::Checked;

Status RenameAt2(const std::string&, const std::string&, uint32_t) {
  return Status::Failed("renameat2", ENOSYS);
}

Status OpenTmpfile(const std::string&, uint32_t, int*) { return Status::Failed("open", ENOSYS); }

Status LinkPath(const std::string& from, const std::string& to) {
  return Checked(linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), 0), "linkat");
}

Status LinkDescriptor(int, const std::string&) { return Status::Failed("linkat", ENOSYS); }

Status SyncFileRange(int, int64_t, int64_t, uint32_t) { return Status::Failed("sync_file_range", ENOSYS); }

Status FDataSync(int descriptor) { return Checked(fdatasync(descriptor), "fdatasync"); }

Status FSync(int descriptor) { return Checked(fsync(descriptor), "fsync"); }

Status FullFSync(int descriptor) { return Checked(fcntl(descriptor, F_FULLFSYNC), "fullfsync"); }

Status BarrierFSync(int descriptor) { return Checked(fcntl(descriptor, F_BARRIERFSYNC), "barrierfsync"); }

Status SyncFs(int) { return Status::Failed("syncfs", ENOSYS); }

Status SyncDirectory(const std::string& directory) {
  const Descriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid()) return Status::Failed("open", errno);
  return FullFSync(static_cast<int>(opened.get()));
}

}  // namespace indelible::platform::primitives
