#include "previous_version.h"

#include <errno.h>

#include <utility>

#include "filesystem_id.h"
#include "rename_retry.h"
#include "split_path.h"
#include "sync_fallback.h"
#include "temporary_name.h"

namespace indelible {

namespace {

using platform::Entry;

// A name is taken, or a sweep has removed what stood under it; a tenth time is due to a broken filesystem.
constexpr int kMostNames = 10;

// link(2): EPERM says that the filesystem has no hard links, or that fs.protected_hardlinks (proc(5)) or a
// file's flag forbids one.
bool CannotLink(int error) { return error == EPERM || platform::IsUnsupported(error); }

bool IsSameFile(const Entry& one, const Entry& other) {
  return one.kind != Entry::Kind::kMissing && other.kind != Entry::Kind::kMissing &&
         platform::SameFile(one.identity, other.identity);
}

std::string PathOf(const platform::Directory& directory, const std::string& name) {
  return directory.path + "/" + name;
}

}  // namespace

Status PreviousVersion::Open(const std::string& path, const Target& target) {
  path_ = path;
  if (path.empty()) return Status::Failed("open", ENOENT).On(path);
  const SplitPath split = SplitPath::Of(path);
  if (split.NamesDirectory() || split.slash) return Status::Failed("open", EISDIR).On(path);
  name_ = split.name;
  Status status = platform::OpenDirectory(nullptr, split.directory, &directory_);
  platform::Identity identity;
  if (status.ok()) status = platform::Identify(directory_, &identity);
  if (!status.ok()) return std::move(status).On(path);
  // link(2): neither another filesystem nor the same one by another mount.
  if (!(FilesystemId::Of(identity) == FilesystemId::Of(target.identity))) {
    return Status::Failed("link", EXDEV).On(PathOf(target.directory, target.name), path);
  }
  in_target_directory_ = platform::SameFile(identity, target.identity);
  Entry found;
  status = platform::LookUp(directory_, name_, &found);
  return status.ok() ? Refuse(target, target.existing, found) : std::move(status).On(path);
}

Status PreviousVersion::Refuse(const Target& target, const Entry& replaced, const Entry& found) const {
  bool same = in_target_directory_ && name_ == target.name;
  if (!same && found.links == 1 && IsSameFile(found, replaced)) {
    // With a single name the two can only be one, spelled in two ways (a directory that folds case); unless
    // another save has moved the file from the one to the other meanwhile.
    Entry again;
    Status status = platform::LookUp(target.directory, target.name, &again);
    if (!status.ok()) return status;
    same = IsSameFile(found, again);
  }
  if (same) {
    return Status::Failed(Status::Reason::kSamePath, "link", EINVAL)
        .On(PathOf(target.directory, target.name), path_);
  }
  if (found.kind == Entry::Kind::kDirectory) return Status::Failed("open", EISDIR).On(path_);
  if (found.kind == Entry::Kind::kOther)
    return Status::Failed(Status::Reason::kNotAFile, "open", EINVAL).On(path_);
  if (found.mount_point) return Status::Failed(Status::Reason::kMountPoint, "rename", EBUSY).On(path_);
  return Status::Ok();
}

Status PreviousVersion::Keep(const Target& target, const Entry& now, const Plan& plan,
                             const Temporary& temporary) {
  Entry found;
  Status status = platform::LookUp(directory_, name_, &found);
  if (!status.ok()) return std::move(status).On(path_);
  status = Refuse(target, now, found);
  if (!status.ok()) return status;
  if (IsSameFile(found, now)) {
    // A save that has failed, or a crash, has left it there.
    kept_ = found;
    status = SyncContent(directory_, name_, found, plan.file_sync(), temporary);
  } else {
    status = Link(target, plan, temporary);
  }
  if (!status.ok()) return status;
  unsynced_ = true;
  // Where a filesystem orders nothing by itself, the old version must be safe under this name before it can
  // lose the other one. A journal that makes one commit enough keeps the order of the two.
  return plan.file_sync() == FileSync::kData ? SyncName(temporary) : Status::Ok();
}

Status PreviousVersion::Link(const Target& target, const Plan& plan, const Temporary& temporary) {
  for (int attempt = 0; attempt < kMostNames; ++attempt) {
    std::string own;
    Status status = TemporaryName(&own);
    if (!status.ok()) return status;
    status = platform::Link(target.directory, target.name, directory_, own);
    if (!status.ok()) {
      if (status.error() == EEXIST) continue;
      const Status::Reason reason =
          CannotLink(status.error()) ? Status::Reason::kCannotKeep : Status::Reason::kSystemCall;
      return Status::Failed(reason, "link", status.error()).On(PathOf(target.directory, target.name), path_);
    }
    status = platform::LookUp(directory_, own, &kept_);
    if (status.ok()) status = SyncContent(directory_, own, kept_, plan.file_sync(), temporary);
    if (status.ok()) status = RenameReplacing(directory_, own, name_);
    if (status.ok()) return status;
    // The first error is the one to report; what cannot be removed is left to a sweep.
    static_cast<void>(RemoveName(directory_, own).ok());
    // A sweep has taken the name for a dead writer's.
    if (status.error() == ENOENT) continue;
    return std::move(status).On(PathOf(directory_, own), path_);
  }
  return Status::Failed("link", EEXIST).On(PathOf(target.directory, target.name), path_);
}

Status PreviousVersion::Settle(const Target& target, const Plan& plan, const Temporary& temporary) {
  Entry replaced;
  Status status = platform::LookUp(target.directory, temporary.name(), &replaced);
  if (!status.ok()) return status;
  // Missing: a sweep has taken it for a dead writer's.
  if (replaced.kind == Entry::Kind::kMissing || IsSameFile(replaced, kept_)) {
    return Status::Ok();
  }
  status = SyncContent(target.directory, temporary.name(), replaced, plan.file_sync(), temporary);
  if (!status.ok()) return status;
  unsynced_ = true;
  status = platform::Rename(target.directory, temporary.name(), directory_, name_);
  if (!status.ok()) return std::move(status).On(PathOf(target.directory, temporary.name()), path_);
  return plan.file_sync() == FileSync::kData && NeedsSync() ? SyncName(temporary) : Status::Ok();
}

// Whoever wrote the old version need not have made it safe. A file that is clean already costs nothing to
// write back.
Status PreviousVersion::SyncContent(const platform::Directory& directory, const std::string& name,
                                    const Entry& entry, FileSync how, const Temporary& temporary) {
  // A symbolic link has no content apart from its name.
  if (how == FileSync::kNone || entry.kind != Entry::Kind::kFile) return Status::Ok();
  platform::Descriptor file;
  Status status = platform::OpenToSync(directory, name, &file);
  if (status.ok()) {
    SyncDurability durability = SyncDurability::kSubmitted;
    status = how == FileSync::kData ? SyncFile(file, &durability) : platform::WriteBack(file);
  } else if (status.error() == EACCES || status.error() == EPERM) {
    // What may not be opened is synced with all the rest; Windows cannot do that, and opens no read-only
    // file.
    status = temporary.SyncFilesystem();
    if (!status.ok() && platform::IsUnsupported(status.error())) {
      syncable_ = false;
      return Status::Ok();
    }
  }
  return status.ok() ? status : std::move(status).On(path_);
}

Status PreviousVersion::SyncName(const Temporary& temporary) {
  SyncDurability durability = SyncDurability::kStable;
  Status status = directory_.syncable ? SyncNames(directory_, &durability) : temporary.SyncFilesystem();
  if (!status.ok() && !platform::IsUnsupported(status.error())) return std::move(status).On(path_);
  // Some FUSE and network filesystems cannot sync a directory: the name is as durable as they make it.
  if (!status.ok() || durability != SyncDurability::kStable) syncable_ = false;
  unsynced_ = false;
  return Status::Ok();
}

}  // namespace indelible
