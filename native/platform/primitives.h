#ifndef INDELIBLE_PLATFORM_PRIMITIVES_H_
#define INDELIBLE_PLATFORM_PRIMITIVES_H_

#include <cstdint>
#include <string>

#include "../base/status.h"

// The system calls that `indelible/primitives` exports under their own names, on the caller's own descriptors
// and paths. A call that the system does not have fails with ENOSYS.
namespace indelible::platform::primitives {

Status RenameAt2(const std::string& from, const std::string& to, uint32_t flags);
Status OpenTmpfile(const std::string& directory, uint32_t mode, int* descriptor);
Status LinkPath(const std::string& from, const std::string& to);
Status LinkDescriptor(int from, const std::string& to);
// `length` 0: to the end of the file.
Status SyncFileRange(int descriptor, int64_t offset, int64_t length, uint32_t flags);
Status FDataSync(int descriptor);
Status FSync(int descriptor);
Status FullFSync(int descriptor);
Status BarrierFSync(int descriptor);
Status SyncFs(int descriptor);
Status SyncDirectory(const std::string& directory);

}  // namespace indelible::platform::primitives

#endif  // INDELIBLE_PLATFORM_PRIMITIVES_H_
