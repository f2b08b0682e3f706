#include "target.h"

#include <errno.h>

#include <algorithm>
#include <utility>

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;

// The limit of the kernel (path_resolution(7)).
constexpr int kMostLinks = 40;

// Opens `path`, or the part of it that exists; the missing components go to `missing`. A loop: a path may
// have more components than the stack of a thread has room for calls.
Status OpenNearest(const Directory* base, const std::string& path, Directory* directory,
                   std::vector<std::string>* missing) {
  std::string existing = path;
  Status status = platform::OpenDirectory(base, existing, directory);
  while (status.error() == ENOENT) {
    SplitPath split = SplitPath::Of(existing);
    // The root, or a working directory that was removed.
    if (split.name.empty() || existing == ".") break;
    missing->push_back(std::move(split.name));
    existing = std::move(split.directory);
    status = platform::OpenDirectory(base, existing, directory);
  }
  std::reverse(missing->begin(), missing->end());
  return status;
}

Status OpenParent(const SaveRequest& request, const Directory* base, const std::string& path,
                  Target* target) {
  Directory opened;
  const Status status = request.make_directories ? OpenNearest(base, path, &opened, &target->missing)
                                                 : platform::OpenDirectory(base, path, &opened);
  if (status.ok()) target->directory = std::move(opened);
  return status;
}

// Always fails: a path that ends in a slash, `.` or `..` is never that of a file.
Status RefuseDirectoryPath(const Directory& parent, const SplitPath& split) {
  Directory ignored;
  if (split.NamesDirectory()) {
    const std::string& name = split.name.empty() ? split.directory : split.name;
    const Status status = platform::OpenDirectory(&parent, name, &ignored);
    return status.ok() ? Status::Failed("open", EISDIR) : status;
  }
  const Status status = platform::OpenDirectory(&parent, split.name, &ignored);
  // As open(2) with O_CREAT, also for a missing name before the slash.
  if (status.ok() || status.error() == ENOENT) return Status::Failed("open", EISDIR);
  return status;
}

// Only a file, a symbolic link or a missing entry may be replaced.
Status RefuseUnlessFile(const Entry& entry) {
  switch (entry.kind) {
    case Entry::Kind::kDirectory:
      return Status::Failed("open", EISDIR);
    case Entry::Kind::kOther:
      return Status::Failed(Status::Reason::kNotAFile, "open", EINVAL);
    case Entry::Kind::kMissing:
    case Entry::Kind::kFile:
    case Entry::Kind::kSymlink:
      break;
  }
  return Status::Ok();
}

}  // namespace

SplitPath SplitPath::Of(const std::string& path) {
  SplitPath split;
  size_t end = path.size();
  while (end > 0 && path[end - 1] == '/') --end;
  split.slash = end < path.size();
  const size_t slash = path.find_last_of('/', end == 0 ? 0 : end - 1);
  if (end == 0) {
    split.directory = "/";
  } else if (slash == std::string::npos || slash >= end) {
    split.directory = ".";
    split.name = path.substr(0, end);
  } else {
    split.directory = slash == 0 ? "/" : path.substr(0, slash);
    split.name = path.substr(slash + 1, end - slash - 1);
  }
  return split;
}

Status InspectTarget(const SaveRequest& request, const Target& target, Entry* entry) {
  Status status = platform::LookUp(target.directory, target.name, entry);
  if (!status.ok()) return status;
  if (request.exclusive && entry->kind != Entry::Kind::kMissing) return Status::Failed("open", EEXIST);
  status = RefuseUnlessFile(*entry);
  if (!status.ok()) return status;
  // As rename(2), but before a large file is written in vain.
  if (entry->mount_point) return Status::Failed(Status::Reason::kMountPoint, "rename", EBUSY);
  return Status::Ok();
}

Status ResolveTarget(const SaveRequest& request, Target* target) {
  if (request.path.empty()) return Status::Failed("open", ENOENT);
  SplitPath split = SplitPath::Of(request.path);
  Status status = OpenParent(request, nullptr, split.directory, target);
  if (!status.ok()) return status;
  for (int links = 0;; ++links) {
    if (!target->missing.empty() && (split.NamesDirectory() || split.slash))
      return Status::Failed("open", EISDIR);
    if (split.NamesDirectory() || split.slash) return RefuseDirectoryPath(target->directory, split);
    target->name = split.name;
    // Without the directory there is no file.
    if (!target->missing.empty()) break;
    status = InspectTarget(request, *target, &target->existing);
    if (!status.ok()) return status;
    if (target->existing.kind != Entry::Kind::kSymlink || !request.follow_symlinks) break;
    if (links == kMostLinks) return Status::Failed("open", ELOOP);
    // Some links lead to another file than their text says (/dev/stdout, through /proc/self/fd). Links to a
    // pipe or a terminal are recognised by the file that the kernel finds.
    Entry end;
    status = platform::Follow(target->directory, target->name, &end);
    if (status.ok()) status = RefuseUnlessFile(end);
    if (!status.ok()) return status;
    std::string text;
    status = platform::ReadLink(target->directory, target->name, &text);
    if (!status.ok()) return status;
    split = SplitPath::Of(text);
    const Directory link_directory = std::move(target->directory);
    status = OpenParent(request, &link_directory, split.directory, target);
    if (!status.ok()) return status;
  }
  return platform::Identify(target->directory, &target->identity);
}

}  // namespace indelible
