#include "target.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "links.h"

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;

// S_ISUID and S_ISGID (inode(7)).
constexpr uint32_t kSetIds = 06000;

// Freeing the pages of an old version of this size takes about as long as a save.
constexpr uint64_t kSmallFile = uint64_t{256} << 10;

// How often another program may replace the file at the end of a link while the link is followed.
constexpr int kMostReplacements = 10;

// Opens `path`, or the part of it that exists; the missing components go to `missing`. A loop: a path may
// have more components than the stack of a thread has room for calls.
Status OpenNearest(const Directory* base, const std::string& path, Directory* directory,
                   std::vector<std::string>* missing) {
  std::string existing = path;
  Status status = OpenTrusted(base, existing, directory);
  while (status.error() == ENOENT) {
    SplitPath split = SplitPath::Of(existing);
    // The root, or a working directory that was removed.
    if (split.name.empty() || existing == ".") break;
    missing->push_back(std::move(split.name));
    existing = std::move(split.directory);
    status = OpenTrusted(base, existing, directory);
  }
  std::reverse(missing->begin(), missing->end());
  return status;
}

Status OpenParent(const SaveRequest& request, const Directory* base, const std::string& path,
                  Target* target) {
  Directory opened;
  const Status status = request.make_directories ? OpenNearest(base, path, &opened, &target->missing)
                                                 : OpenTrusted(base, path, &opened);
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

// Another user may have given a file a second name in a shared directory (fs.protected_hardlinks). The new
// content must not run with the rights that the old content has elsewhere.
Status DropSetIdsOfLinked(const Directory& directory, Entry* entry) {
  if (entry->links == 1 || (entry->attributes.mode & kSetIds) == 0) return Status::Ok();
  bool shared = false;
  Status status = CheckShared(directory, &shared);
  if (shared) entry->attributes.mode &= ~kSetIds;
  return status;
}

// The first link that is followed, and the file that the system finds behind it.
struct Followed {
  bool link = false;
  Entry end;
};

// Whether the texts of the links have led to the file that the system finds.
bool HasLedToEnd(const Entry& existing, const Followed& followed) {
  if (!followed.link) return true;
  const bool missing = followed.end.kind == Entry::Kind::kMissing;
  if (missing || existing.kind == Entry::Kind::kMissing)
    return missing && existing.kind == Entry::Kind::kMissing;
  return platform::SameFile(existing.identity, followed.end.identity);
}

Status FollowLinks(const SaveRequest& request, Target* target, Followed* followed) {
  SplitPath split = SplitPath::Of(request.path);
  Status status = OpenParent(request, request.base.get(), split.directory, target);
  if (!status.ok()) return status;
  for (int links = 0;; ++links) {
    if (!target->missing.empty() && (split.NamesDirectory() || split.slash))
      return Status::Failed("open", EISDIR);
    if (split.NamesDirectory() || split.slash) return RefuseDirectoryPath(target->directory, split);
    target->name = split.name;
    // Without the directory there is no file.
    target->existing = ExistingEntry();
    if (!target->missing.empty()) return status;
    status = InspectTarget(request, *target, &target->existing);
    if (!status.ok()) return status;
    if (target->existing.kind != Entry::Kind::kSymlink || !request.follow_symlinks) return status;
    if (links == kMostLinks) return Status::Failed("open", ELOOP);
    platform::SymbolicLink link;
    status = ReadTrustedLink(target->directory, target->name, &link);
    // The entry has changed since it was inspected.
    if (status.error() == EINVAL || status.error() == ENOENT) continue;
    if (!status.ok()) return status;
    if (!followed->link) {
      // Links to a pipe or a terminal (/dev/stdout) are recognised by the file that the system finds.
      status = platform::Follow(target->directory, target->name, &followed->end);
      if (status.ok()) status = RefuseUnlessFile(followed->end);
      if (!status.ok()) return status;
      followed->link = true;
    }
    split = SplitPath::Of(link.text);
    const Directory link_directory = std::move(target->directory);
    status = OpenParent(request, &link_directory, split.directory, target);
    if (!status.ok()) return status;
  }
}

}  // namespace

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

Status InspectTarget(const SaveRequest& request, const Target& target, ExistingEntry* entry) {
  entry->foreign = false;
  Status status = platform::LookUp(target.directory, target.name, entry);
  if (!status.ok()) return status;
  if (request.exclusive && entry->kind != Entry::Kind::kMissing) return Status::Failed("open", EEXIST);
  status = RefuseUnlessFile(*entry);
  if (!status.ok()) return status;
  // As rename(2), but before a large file is written in vain.
  if (entry->mount_point) return Status::Failed(Status::Reason::kMountPoint, "rename", EBUSY);
  if (entry->kind != Entry::Kind::kFile) return status;
  status = CheckForeign(target.directory, *entry, &entry->foreign);
  if (!status.ok()) return status;
  if (entry->foreign && !request.has_uid) return Status::Failed(Status::Reason::kForeignFile, "open", EACCES);
  if (request.only_if_writable) {
    status = platform::CheckWritable(target.directory, target.name);
    if (!status.ok()) return status;
  }
  return DropSetIdsOfLinked(target.directory, entry);
}

bool OpenTargetCached(const SaveRequest& request, Target* target) {
  if (request.path.empty()) return false;
  SplitPath split = SplitPath::Of(request.path);
  if (split.NamesDirectory() || split.slash) return false;
  target->name = std::move(split.name);
  return platform::OpenCached(request.base.get(), split.directory, &target->directory).ok() &&
         platform::Identify(target->directory, &target->identity).ok();
}

bool InspectTargetCached(const SaveRequest& request, Target* target) {
  const Status status = InspectTarget(request, *target, &target->existing);
  return status.ok() && target->existing.kind != Entry::Kind::kSymlink && target->existing.size <= kSmallFile;
}

Status ResolveTarget(const SaveRequest& request, Target* target) {
  if (request.path.empty()) return Status::Failed("open", ENOENT);
  for (int attempt = 0; attempt < kMostReplacements; ++attempt) {
    *target = Target();
    Followed followed;
    Status status = FollowLinks(request, target, &followed);
    if (!status.ok()) return status;
    if (HasLedToEnd(target->existing, followed))
      return platform::Identify(target->directory, &target->identity);
  }
  // As openat2(2) refuses links that only the kernel can follow (RESOLVE_NO_MAGICLINKS).
  return Status::Failed(Status::Reason::kWrongTarget, "open", ELOOP);
}

}  // namespace indelible
