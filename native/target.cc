#include "target.h"

#include <errno.h>

#include <utility>

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;

// The kernel's own limit (path_resolution(7)).
constexpr int kMostLinks = 40;

struct SplitPath {
  std::string directory;
  std::string name;
  // The path ended in a slash: it asks for a directory.
  bool slash = false;
};

SplitPath Split(const std::string& path) {
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

bool NamesDirectory(const SplitPath& split) {
  return split.name.empty() || split.name == "." || split.name == "..";
}

// Opens `path`, or as much of it as exists; the rest goes to `missing`.
Status OpenNearest(const Directory* base, const std::string& path, Directory* directory,
                   std::vector<std::string>* missing) {
  const Status opened = platform::OpenDirectory(base, path, directory);
  if (opened.ok() || opened.error() != ENOENT) return opened;
  const SplitPath split = Split(path);
  // The root, or a working directory that somebody has removed.
  if (split.name.empty() || path == ".") return opened;
  const Status status = OpenNearest(base, split.directory, directory, missing);
  if (status.ok()) missing->push_back(split.name);
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

// A path with a trailing slash, or whose last component is `.` or `..`, never names a file.
Status RefuseDirectoryPath(const Directory& parent, const SplitPath& split) {
  Directory ignored;
  if (NamesDirectory(split)) {
    const std::string& name = split.name.empty() ? split.directory : split.name;
    const Status status = platform::OpenDirectory(&parent, name, &ignored);
    return status.ok() ? Status::Failed("open", EISDIR) : status;
  }
  const Status status = platform::OpenDirectory(&parent, split.name, &ignored);
  // open(2) with O_CREAT answers EISDIR for a missing name with a slash behind it, too.
  if (status.ok() || status.error() == ENOENT) return Status::Failed("open", EISDIR);
  return status;
}

// What is replaced is a file, a link, or nothing.
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

Status InspectTarget(const SaveRequest& request, const Target& target, Entry* entry) {
  Status status = platform::LookUp(target.directory, target.name, entry);
  if (!status.ok()) return status;
  if (request.exclusive && entry->kind != Entry::Kind::kMissing) return Status::Failed("open", EEXIST);
  status = RefuseUnlessFile(*entry);
  if (!status.ok()) return status;
  // rename(2): EBUSY. Said now, before a large file is written in vain.
  if (entry->mount_point) return Status::Failed(Status::Reason::kMountPoint, "rename", EBUSY);
  return Status::Ok();
}

Status ResolveTarget(const SaveRequest& request, Target* target) {
  if (request.path.empty()) return Status::Failed("open", ENOENT);
  SplitPath split = Split(request.path);
  Status status = OpenParent(request, nullptr, split.directory, target);
  if (!status.ok()) return status;
  for (int links = 0;; ++links) {
    if (!target->missing.empty() && (NamesDirectory(split) || split.slash))
      return Status::Failed("open", EISDIR);
    if (NamesDirectory(split) || split.slash) return RefuseDirectoryPath(target->directory, split);
    target->name = split.name;
    // Where the directory is missing, so is the file.
    if (!target->missing.empty()) break;
    status = InspectTarget(request, *target, &target->existing);
    if (!status.ok()) return status;
    if (target->existing.kind != Entry::Kind::kSymlink || !request.follow_symlinks) break;
    if (links == kMostLinks) return Status::Failed("open", ELOOP);
    // Some links (/dev/stdout, by way of /proc/self/fd) lead where their text does not: those to a pipe or a
    // terminal are known by what the kernel finds.
    Entry end;
    status = platform::Follow(target->directory, target->name, &end);
    if (status.ok()) status = RefuseUnlessFile(end);
    if (!status.ok()) return status;
    std::string text;
    status = platform::ReadLink(target->directory, target->name, &text);
    if (!status.ok()) return status;
    split = Split(text);
    const Directory link_directory = std::move(target->directory);
    status = OpenParent(request, &link_directory, split.directory, target);
    if (!status.ok()) return status;
  }
  return platform::Identify(target->directory, &target->identity);
}

}  // namespace indelible
