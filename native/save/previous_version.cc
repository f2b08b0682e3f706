#include "previous_version.h"

#include <errno.h>

#include <utility>

#include "links.h"
#include "optional_calls.h"
#include "rename_retry.h"
#include "sync_fallback.h"
#include "temporary_name.h"

namespace indelible {

namespace {

using platform::Entry;

// Another name is tried if the name exists, or a sweep has removed it. Ten failures mean a broken filesystem.
constexpr int kMostNames = 10;

// link(2): EPERM if the filesystem has no hard links, or fs.protected_hardlinks (proc(5)) or a flag of the
// file forbids one.
bool CannotLink(int error) { return error == EPERM || platform::IsUnsupported(error); }

bool IsSameFile(const Entry& one, const Entry& other) {
  return one.kind != Entry::Kind::kMissing && other.kind != Entry::Kind::kMissing &&
         platform::SameFile(one.identity, other.identity);
}

}  // namespace

Status PreviousVersion::Open(const platform::Directory* base, const std::string& path, const Target& target) {
  path_ = path;
  if (path.empty()) return Status::Failed("open", ENOENT).On(path);
  const SplitPath split = SplitPath::Of(path);
  if (split.NamesDirectory() || split.slash) return Status::Failed("open", EISDIR).On(path);
  name_ = split.name;
  Status status = OpenTrusted(base, split.directory, &directory_);
  if (status.ok()) status = platform::Identify(directory_, &identity_);
  if (!status.ok()) return std::move(status).On(path);
  // link(2): fails across filesystems, and across two mounts of one filesystem.
  if (!(platform::FilesystemId::Of(identity_) == platform::FilesystemId::Of(target.identity))) {
    return Status::Failed("link", EXDEV).On(target.directory.PathOf(target.name), path);
  }
  in_target_directory_ = platform::SameFile(identity_, target.identity);
  Entry existing;
  status = platform::LookUp(directory_, name_, &existing);
  return status.ok() ? CheckLocation(target, target.existing, existing) : std::move(status).On(path);
}

Status PreviousVersion::CheckLocation(const Target& target, const Entry& replaced,
                                      const Entry& existing) const {
  bool same = in_target_directory_ && name_ == target.name;
  if (!same && existing.links == 1 && IsSameFile(existing, replaced)) {
    // A file with a single name has two spellings here (a directory that ignores case), unless another save
    // has moved the file from the one name to the other meanwhile.
    Entry again;
    Status status = platform::LookUp(target.directory, target.name, &again);
    if (!status.ok()) return status;
    same = IsSameFile(existing, again);
  }
  if (same) {
    return Status::Failed(Status::Reason::kSamePath, "link", EINVAL)
        .On(target.directory.PathOf(target.name), path_);
  }
  if (existing.kind == Entry::Kind::kDirectory) return Status::Failed("open", EISDIR).On(path_);
  if (existing.kind == Entry::Kind::kOther)
    return Status::Failed(Status::Reason::kNotAFile, "open", EINVAL).On(path_);
  if (existing.mount_point) return Status::Failed(Status::Reason::kMountPoint, "rename", EBUSY).On(path_);
  return existing.kind == Entry::Kind::kFile ? RefuseForeign(directory_, existing).On(path_) : Status::Ok();
}

Status PreviousVersion::Keep(const Target& target, const ExistingEntry& now, const Plan& plan,
                             const Temporary& temporary) {
  Entry existing;
  Status status = platform::LookUp(directory_, name_, &existing);
  if (!status.ok()) return std::move(status).On(path_);
  status = CheckLocation(target, now, existing);
  if (!status.ok()) return status;
  if (IsSameFile(existing, now)) {
    // Left by a failed save or a crash.
    kept_ = existing;
    status = SyncContent(directory_, name_, existing, plan.file_sync(), temporary);
  } else {
    status = Link(target, now, plan, temporary);
  }
  if (!status.ok()) return status;
  unsynced_ = true;
  // If the filesystem orders nothing, the old version must be safe under this name before it loses the other
  // one. Where a journal makes one commit enough, it keeps the order of the two.
  return plan.file_sync() == FileSync::kData ? SyncName(temporary) : Status::Ok();
}

Status PreviousVersion::Link(const Target& target, const ExistingEntry& now, const Plan& plan,
                             const Temporary& temporary) {
  for (int attempt = 0; attempt < kMostNames; ++attempt) {
    std::string own;
    Status status = TemporaryName(KindOfLinks(plan), &own);
    if (!status.ok()) return status;
    status =
        ExplainDenial(OptionalCall::kLink, platform::Link(target.directory, target.name, directory_, own));
    if (!status.ok()) {
      if (status.error() == EEXIST) continue;
      const Status::Reason reason =
          CannotLink(status.error()) ? Status::Reason::kCannotKeep : Status::Reason::kSystemCall;
      return Status::Failed(reason, "link", status.error()).On(target.directory.PathOf(target.name), path_);
    }
    status = platform::LookUp(directory_, own, &kept_);
    if (status.ok()) status = RefuseToKeep(target, now);
    if (status.ok()) status = SyncContent(directory_, own, kept_, plan.file_sync(), temporary);
    if (status.ok()) status = RenameReplacing(directory_, own, directory_, name_);
    if (status.ok()) return status;
    // The first error is returned. A name that cannot be removed is left to a sweep.
    static_cast<void>(RemoveName(directory_, own).ok());
    // A sweep has removed the name as that of an ended writer.
    if (status.error() == ENOENT) continue;
    if (status.reason() != Status::Reason::kSystemCall) return status;
    return std::move(status).On(directory_.PathOf(own), path_);
  }
  return Status::Failed("link", EEXIST).On(target.directory.PathOf(target.name), path_);
}

// Another program may have replaced the target since it was inspected. Where the old version is kept, the
// policy of links.h may not protect those who read it.
Status PreviousVersion::RefuseToKeep(const Target& target, const ExistingEntry& now) const {
  if (now.foreign && IsSameFile(now, kept_)) return Status::Ok();
  Entry before = kept_;
  // The link that was just made.
  --before.links;
  return RefuseForeign(target.directory, before);
}

Status PreviousVersion::KeepExchanged(const Target& target, const Plan& plan, const Temporary& temporary) {
  Entry replaced;
  Status status = platform::LookUp(target.directory, temporary.name(), &replaced);
  if (!status.ok()) return status;
  // Missing: a sweep has removed it as the file of an ended writer.
  if (replaced.kind == Entry::Kind::kMissing || IsSameFile(replaced, kept_)) {
    return Status::Ok();
  }
  // It is replaced, as by a rename.
  bool foreign = false;
  status = CheckForeign(target.directory, replaced, &foreign);
  if (!status.ok() || foreign) return status;
  status = SyncContent(target.directory, temporary.name(), replaced, plan.file_sync(), temporary);
  if (!status.ok()) return status;
  unsynced_ = true;
  status = platform::Rename(target.directory, temporary.name(), directory_, name_);
  if (!status.ok()) return std::move(status).On(target.directory.PathOf(temporary.name()), path_);
  return plan.file_sync() == FileSync::kData && NeedsSync() ? SyncName(temporary) : Status::Ok();
}

// The program that wrote the old version may not have synced it. Writing back a clean file costs nothing.
Status PreviousVersion::SyncContent(const platform::Directory& directory, const std::string& name,
                                    const Entry& entry, FileSync how, const Temporary& temporary) {
  // A symbolic link has no content apart from its name.
  if (how == FileSync::kNone || entry.kind != Entry::Kind::kFile) return Status::Ok();
  platform::Descriptor file;
  Status status = platform::OpenToSync(directory, name, &file);
  if (status.ok()) {
    Reached reached = Reached::kSubmitted;
    if (how == FileSync::kWriteBack) status = platform::WriteBack(file);
    if (how == FileSync::kData || MayBeUnavailable(OptionalCall::kWriteBack, status)) {
      status = SyncFile(file, &reached);
    }
  } else if (status.error() == EACCES || status.error() == EPERM || status.error() == EAGAIN) {
    // A file that may not be opened is synced with the whole filesystem. EAGAIN: another program has a lease
    // on it (fcntl(2), F_SETLEASE). Windows has no such call, and cannot
    // open a read-only file for it.
    status = temporary.SyncFilesystem();
    if (MayBeUnavailable(OptionalCall::kSyncFilesystem, status)) {
      syncable_ = false;
      return Status::Ok();
    }
  }
  return status.ok() ? status : std::move(status).On(path_);
}

Status PreviousVersion::SyncName(const Temporary& temporary) {
  Reached reached = Reached::kStable;
  Status status = directory_.syncable ? SyncEntries(directory_, &reached) : temporary.SyncFilesystem();
  if (!status.ok() && !MayBeUnavailable(OptionalCall::kSyncDirectory, status)) {
    return std::move(status).On(path_);
  }
  // Some FUSE and network filesystems cannot sync a directory: the entry is as durable as they make it.
  if (!status.ok() || reached != Reached::kStable) syncable_ = false;
  unsynced_ = false;
  return Status::Ok();
}

}  // namespace indelible
