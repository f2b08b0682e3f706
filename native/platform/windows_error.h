#ifndef INDELIBLE_PLATFORM_WINDOWS_ERROR_H_
#define INDELIBLE_PLATFORM_WINDOWS_ERROR_H_

#include <cstdint>

namespace indelible::platform::windows {

// The C library's number for an error of Windows. Node gives the error the same name (libuv,
// src/win/error.c).
int ErrnoOf(uint32_t error);
// The same for a status of ntdll. Some statuses say more than the error that Windows makes of them.
int ErrnoOfStatus(int32_t status);

}  // namespace indelible::platform::windows

#endif  // INDELIBLE_PLATFORM_WINDOWS_ERROR_H_
