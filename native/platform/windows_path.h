#ifndef INDELIBLE_PLATFORM_WINDOWS_PATH_H_
#define INDELIBLE_PLATFORM_WINDOWS_PATH_H_

#include <string>

// Paths as everything above platform/ has them, UTF-8 with '/' between the names, made into those of Windows.
namespace indelible::platform::windows {

std::wstring Widened(const std::string& text);
std::string Narrowed(const std::wstring& text);

// It starts at a drive, a share or the root of the current drive.
bool IsAbsolute(const std::string& path);
// Whether a component means another directory than its name says. ntdll takes them for names.
bool HasDots(const std::string& path);

// The path as ntdll takes it, `\??\C:\a\b`, of any length: no component is too long, no name reserved, no dot
// at an end stripped. `.` and `..` are resolved as text, as Windows does everywhere.
std::wstring NtPath(const std::string& path);
// A relative path without dots, to be looked up from an open directory.
std::wstring NtName(const std::string& path);

}  // namespace indelible::platform::windows

#endif  // INDELIBLE_PLATFORM_WINDOWS_PATH_H_
