#ifndef INDELIBLE_PLATFORM_WINDOWS_PATH_H_
#define INDELIBLE_PLATFORM_WINDOWS_PATH_H_

#include <string>

// Converts paths: above platform/ they are UTF-8 with '/' between the names.
namespace indelible::platform::windows {

std::wstring Widened(const std::string& text);
std::string Narrowed(const std::wstring& text);

// It starts at a drive, a share or the root of the current drive.
bool IsAbsolute(const std::string& path);
// Whether a component is `.` or `..`, which ntdll takes for names.
bool HasDots(const std::string& path);

// The path in the form of ntdll, `\??\C:\a\b`. Any length is possible: no limit for a component, no reserved
// names, no dots stripped at the end. `.` and `..` are resolved as text, as Windows does everywhere.
std::wstring NtPath(const std::string& path);
// A relative path without dots, for a lookup in an open directory.
std::wstring NtName(const std::string& path);

}  // namespace indelible::platform::windows

#endif  // INDELIBLE_PLATFORM_WINDOWS_PATH_H_
