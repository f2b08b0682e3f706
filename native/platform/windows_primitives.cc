#include <errno.h>

#include "platform.h"
#include "primitives.h"

// A descriptor is an index into a table of Node's own C library, which another library cannot read. For calls
// on descriptors the facade uses `fs`.
namespace indelible::platform::primitives {

Status RenameAt2(const std::string&, const std::string&, uint32_t) {
  return Status::Failed("renameat2", ENOSYS);
}

Status OpenTmpfile(const std::string&, uint32_t, int*) { return Status::Failed("open", ENOSYS); }

Status LinkPath(const std::string&, const std::string&) { return Status::Failed("linkat", ENOSYS); }

Status LinkDescriptor(int, const std::string&) { return Status::Failed("linkat", ENOSYS); }

Status SyncFileRange(int, int64_t, int64_t, uint32_t) { return Status::Failed("sync_file_range", ENOSYS); }

Status FDataSync(int) { return Status::Failed("fdatasync", ENOSYS); }

Status FSync(int) { return Status::Failed("fsync", ENOSYS); }

Status FullFSync(int) { return Status::Failed("fullfsync", ENOSYS); }

Status BarrierFSync(int) { return Status::Failed("barrierfsync", ENOSYS); }

Status SyncFs(int) { return Status::Failed("syncfs", ENOSYS); }

Status SyncDirectory(const std::string& directory) {
  Directory opened;
  Status status = OpenDirectory(nullptr, directory, &opened);
  return status.ok() ? platform::SyncDirectory(opened) : std::move(status);
}

}  // namespace indelible::platform::primitives
