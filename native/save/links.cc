#include "links.h"

#include <errno.h>

#include <atomic>
#include <utility>
#include <vector>

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;
using platform::SymbolicLink;

// S_IWGRP and S_IWOTH (inode(7)).
constexpr uint32_t kGroupOrOthersMayWrite = 0022;

bool IsShared(uint32_t mode) { return (mode & kStickyBit) != 0 && (mode & kGroupOrOthersMayWrite) != 0; }

bool IsAbsolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

// Whether the call that opens a path without links may be missing, or refused by a system call filter.
bool MayBeMissing(int error) { return platform::IsUnsupported(error) || error == EPERM || error == EACCES; }

// The last component is the first that pop_back takes.
void PushComponents(const std::string& path, std::vector<std::string>* components) {
  for (size_t end = path.size(); end > 0;) {
    const size_t slash = path.find_last_of('/', end - 1);
    const size_t begin = slash == std::string::npos ? 0 : slash + 1;
    if (begin < end) components->push_back(path.substr(begin, end - begin));
    end = slash == std::string::npos ? 0 : slash;
  }
}

// Opens a directory in `at`, which becomes that directory. A link to it is replaced by its components.
Status Enter(const std::string& name, int* links, Directory* at, std::vector<std::string>* components) {
  Directory next;
  Status status = platform::EnterDirectory(at, name, &next);
  if (status.error() != ENOTDIR && status.error() != ELOOP) {
    if (status.ok()) *at = std::move(next);
    return status;
  }
  SymbolicLink link;
  status = ReadTrustedLink(*at, name, &link);
  // Neither a directory nor a link.
  if (status.error() == EINVAL) return Status::Failed("open", ENOTDIR);
  if (!status.ok()) return status;
  if (++*links > kMostLinks) return Status::Failed("open", ELOOP);
  if (link.only_the_system_follows) {
    status = platform::OpenDirectory(at, name, &next);
    if (status.ok()) *at = std::move(next);
    return status;
  }
  PushComponents(link.text, components);
  return IsAbsolute(link.text) ? platform::EnterDirectory(nullptr, "/", at) : Status::Ok();
}

// One component after another, so that every link is seen.
Status Walk(const Directory* base, const std::string& path, Directory* directory) {
  std::vector<std::string> components;
  PushComponents(path, &components);
  Directory at;
  Status status = IsAbsolute(path) ? platform::EnterDirectory(nullptr, "/", &at)
                                   : platform::EnterDirectory(base, ".", &at);
  for (int links = 0; status.ok() && !components.empty();) {
    const std::string name = std::move(components.back());
    components.pop_back();
    if (name != ".") status = Enter(name, &links, &at, &components);
  }
  // The directories on the way were opened only to be entered.
  if (status.ok()) status = platform::OpenDirectory(&at, ".", directory);
  if (status.ok()) directory->path = base == nullptr || IsAbsolute(path) ? path : base->PathOf(path);
  return status;
}

}  // namespace

Status CheckForeign(const Directory& directory, const Entry& entry, bool* foreign) {
  *foreign = false;
  const uint32_t user = platform::EffectiveUser();
  const bool linked = entry.kind == Entry::Kind::kSymlink && entry.links > 1;
  const bool unknown = platform::IsAmbiguousUser(entry.attributes.uid);
  if (entry.attributes.uid == user && !unknown && !linked) return Status::Ok();
  Entry parent;
  Status status = platform::LookUp(directory, ".", &parent);
  if (!status.ok()) return status;
  const bool owned = entry.attributes.uid == user || entry.attributes.uid == parent.attributes.uid;
  *foreign = IsShared(parent.attributes.mode) && (!owned || unknown || linked);
  return status;
}

Status CheckShared(const Directory& directory, bool* shared) {
  Entry entry;
  Status status = platform::LookUp(directory, ".", &entry);
  *shared = status.ok() && IsShared(entry.attributes.mode);
  return status;
}

Status RefuseForeign(const Directory& directory, const Entry& entry) {
  bool foreign = false;
  Status status = CheckForeign(directory, entry, &foreign);
  if (!status.ok() || !foreign) return status;
  const bool link = entry.kind == Entry::Kind::kSymlink;
  return Status::Failed(link ? Status::Reason::kForeignLink : Status::Reason::kForeignFile, "open", EACCES);
}

Status ReadTrustedLink(const Directory& directory, const std::string& name, SymbolicLink* link) {
  Status status = platform::ReadLink(directory, name, link);
  return status.ok() ? RefuseForeign(directory, link->entry) : std::move(status);
}

Status OpenTrusted(const Directory* base, const std::string& path, Directory* directory) {
  // As the kernel does (path_resolution(7)), also if it never sees the whole path.
  if (path.size() >= platform::kPathMax) return Status::Failed("open", ENAMETOOLONG);
  // A system call filter answers each call in the same way.
  static std::atomic<bool> unavailable{false};
  const Status fast =
      unavailable ? Status::Failed("open", ENOSYS) : platform::OpenWithoutLinks(base, path, directory);
  if (fast.error() != ELOOP && !MayBeMissing(fast.error())) return fast;
  Status status = Walk(base, path, directory);
  // The directory can be opened, so the error was about the call.
  if (status.ok() && fast.error() != ELOOP) unavailable = true;
  return status;
}

}  // namespace indelible
