#include "windows_path.h"

#include <windows.h>

#include <vector>

namespace indelible::platform::windows {

namespace {

bool StartsWith(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

bool IsDrive(const std::string& path) {
  const char letter = path.empty() ? '\0' : path[0];
  return path.size() >= 2 && path[1] == ':' &&
         ((letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z'));
}

std::vector<std::string> ComponentsOf(const std::string& path) {
  std::vector<std::string> components;
  for (size_t begin = 0; begin < path.size();) {
    size_t end = path.find('/', begin);
    if (end == std::string::npos) end = path.size();
    if (end > begin) components.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return components;
}

bool IsDots(const std::string& component) { return component == "." || component == ".."; }

// Resolved against the working directory and its drive.
std::string FullPath(const std::string& path) {
  const std::wstring wide = Widened(path);
  std::wstring full(MAX_PATH, L'\0');
  for (;;) {
    const DWORD length =
        GetFullPathNameW(wide.c_str(), static_cast<DWORD>(full.size()), full.data(), nullptr);
    if (length == 0) return path;
    const bool fits = length < full.size();
    full.resize(length);
    if (fits) break;
  }
  std::string narrow = Narrowed(full);
  for (char& each : narrow) {
    if (each == '\\') each = '/';
  }
  return narrow;
}

}  // namespace

std::wstring Widened(const std::string& text) {
  if (text.empty()) return std::wstring();
  const int size = static_cast<int>(text.size());
  const int length = MultiByteToWideChar(CP_UTF8, 0, text.data(), size, nullptr, 0);
  std::wstring wide(static_cast<size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), size, wide.data(), length);
  return wide;
}

std::string Narrowed(const std::wstring& text) {
  if (text.empty()) return std::string();
  const int size = static_cast<int>(text.size());
  const int length = WideCharToMultiByte(CP_UTF8, 0, text.data(), size, nullptr, 0, nullptr, nullptr);
  std::string narrow(static_cast<size_t>(length), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text.data(), size, narrow.data(), length, nullptr, nullptr);
  return narrow;
}

bool IsAbsolute(const std::string& path) { return IsDrive(path) || StartsWith(path, "/"); }

bool HasDots(const std::string& path) {
  for (const std::string& component : ComponentsOf(path)) {
    if (IsDots(component)) return true;
  }
  return false;
}

std::wstring NtName(const std::string& path) {
  std::string name;
  for (const std::string& component : ComponentsOf(path)) {
    if (!name.empty()) name += '\\';
    name += component;
  }
  return Widened(name);
}

std::wstring NtPath(const std::string& path) {
  // Names of the object manager, which are not changed.
  if (StartsWith(path, "//?/") || StartsWith(path, "//./")) return L"\\??\\" + NtName(path.substr(4));
  const bool share = StartsWith(path, "//");
  if (!share && !(IsDrive(path) && (path.size() == 2 || path[2] == '/'))) return NtPath(FullPath(path));
  // `..` does not lead out of these: the drive, or server and share.
  const size_t kept = share ? 2 : 1;
  std::vector<std::string> components;
  for (const std::string& component : ComponentsOf(path)) {
    if (component == "..") {
      if (components.size() > kept) components.pop_back();
    } else if (component != ".") {
      components.push_back(component);
    }
  }
  std::string nt = share ? "\\??\\UNC" : "\\??";
  for (const std::string& component : components) nt += '\\' + component;
  if (!share && components.size() == 1) nt += '\\';
  return Widened(nt);
}

}  // namespace indelible::platform::windows
