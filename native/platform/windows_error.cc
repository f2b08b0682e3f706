#include "windows_error.h"

#include <errno.h>

#include "nt_calls.h"

namespace indelible::platform::windows {

namespace {

// Not in every winerror.h.
constexpr uint32_t kElevationRequired = 740;
constexpr uint32_t kDiskQuotaExceeded = 1295;

// From ntstatus.h, which cannot be included together with windows.h.
constexpr uint32_t kNotImplemented = 0xC0000002;
constexpr uint32_t kInvalidInfoClass = 0xC0000003;
constexpr uint32_t kInvalidParameter = 0xC000000D;
constexpr uint32_t kInvalidDeviceRequest = 0xC0000010;
constexpr uint32_t kDeletePending = 0xC0000056;
constexpr uint32_t kFileIsADirectory = 0xC00000BA;
constexpr uint32_t kNotSupported = 0xC00000BB;
constexpr uint32_t kNotADirectory = 0xC0000103;

}  // namespace

int ErrnoOf(uint32_t error) {
  switch (error) {
    case kElevationRequired:
    case ERROR_NOACCESS:
    case ERROR_CANT_ACCESS_FILE:
      return EACCES;
    case ERROR_INVALID_HANDLE:
    case ERROR_INVALID_FLAGS:
      return EBADF;
    case ERROR_LOCK_VIOLATION:
    case ERROR_SHARING_VIOLATION:
    case ERROR_PIPE_BUSY:
      return EBUSY;
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
      return EEXIST;
    case ERROR_NOT_READY:
    case ERROR_CRC:
    case ERROR_GEN_FAILURE:
    case ERROR_IO_DEVICE:
    case ERROR_OPEN_FAILED:
    case ERROR_DISK_CORRUPT:
    case ERROR_FILE_CORRUPT:
    case ERROR_BEGINNING_OF_MEDIA:
    case ERROR_BUS_RESET:
    case ERROR_DEVICE_DOOR_OPEN:
    case ERROR_DEVICE_REQUIRES_CLEANING:
    case ERROR_EOM_OVERFLOW:
    case ERROR_INVALID_BLOCK_LENGTH:
    case ERROR_NO_DATA_DETECTED:
    case ERROR_NO_SIGNAL_SENT:
    case ERROR_SETMARK_DETECTED:
    case ERROR_SIGNAL_REFUSED:
      return EIO;
    case ERROR_BUFFER_OVERFLOW:
    case ERROR_FILENAME_EXCED_RANGE:
      return ENAMETOOLONG;
    case ERROR_CANT_RESOLVE_FILENAME:
      return ELOOP;
    case ERROR_TOO_MANY_OPEN_FILES:
      return EMFILE;
    case ERROR_BAD_PATHNAME:
    case ERROR_DIRECTORY:
    case ERROR_ENVVAR_NOT_FOUND:
    case ERROR_FILE_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
    case ERROR_INVALID_NAME:
    case ERROR_INVALID_REPARSE_DATA:
    case ERROR_MOD_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
      return ENOENT;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
      return ENOMEM;
    case ERROR_CANNOT_MAKE:
    case ERROR_DISK_FULL:
    case ERROR_EA_TABLE_FULL:
    case ERROR_END_OF_MEDIA:
    case ERROR_HANDLE_DISK_FULL:
    case kDiskQuotaExceeded:
    case ERROR_NOT_ENOUGH_QUOTA:
      return ENOSPC;
    case ERROR_DIR_NOT_EMPTY:
      return ENOTEMPTY;
    // libuv maps the first to EISDIR, which it gets when a directory is read.
    case ERROR_INVALID_FUNCTION:
    case ERROR_NOT_SUPPORTED:
    case ERROR_CALL_NOT_IMPLEMENTED:
    case ERROR_SYMLINK_NOT_SUPPORTED:
      return ENOTSUP;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
      return EPERM;
    case ERROR_WRITE_PROTECT:
      return EROFS;
    case ERROR_NOT_SAME_DEVICE:
      return EXDEV;
    case ERROR_INVALID_PARAMETER:
    case ERROR_INSUFFICIENT_BUFFER:
    case ERROR_INVALID_DATA:
    case ERROR_NOT_A_REPARSE_POINT:
      return EINVAL;
    case ERROR_TOO_MANY_LINKS:
      return EMLINK;
    case ERROR_OPERATION_ABORTED:
      return ECANCELED;
    default:
      return EIO;
  }
}

int ErrnoOfStatus(int32_t status) {
  switch (static_cast<uint32_t>(status)) {
    case kFileIsADirectory:
      return EISDIR;
    case kNotADirectory:
      return ENOTDIR;
    case kDeletePending:
      return EBUSY;
    case kNotImplemented:
    case kInvalidDeviceRequest:
    case kNotSupported:
      return ENOTSUP;
    case kInvalidInfoClass:
    case kInvalidParameter:
      return EINVAL;
    default:
      return ErrnoOf(nt::RtlNtStatusToDosError(status));
  }
}

}  // namespace indelible::platform::windows
