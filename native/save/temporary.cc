#include "temporary.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "extended_attributes.h"
#include "rename_retry.h"
#include "sync_fallback.h"
#include "temporary_name.h"

namespace indelible {

namespace {

using platform::Attributes;
using platform::Entry;

constexpr uint32_t kSetUserId = 04000;
constexpr uint32_t kSetGroupId = 02000;
// Set-id bits and the sticky bit.
constexpr uint32_t kSpecialBits = 07000;
constexpr uint32_t kOwnerBits = 0700;
constexpr uint32_t kGroupBits = 0070;
constexpr uint32_t kOtherBits = 0007;
constexpr uint32_t kUnknownMode = ~uint32_t{0};

// Names have 80 random bits. A second attempt is due to a sweeper, a tenth to a broken filesystem.
constexpr int kMostNames = 10;

// The bytes written between two checks for cancellation.
constexpr size_t kWriteChunk = size_t{8} << 20;

bool PreservesMode(const SaveRequest& request, const Entry& replaced) {
  return request.preserve_mode && replaced.kind == Entry::Kind::kFile;
}

// The final mode of the file, if known in advance.
bool FinalMode(const SaveRequest& request, const Entry& replaced, uint32_t* mode) {
  if (request.has_mode) {
    *mode = request.mode;
  } else if (PreservesMode(request, replaced)) {
    *mode = replaced.attributes.mode;
  } else {
    return false;
  }
  return true;
}

// The mode to create the temporary with, for the final mode `mode`: the rights of the owner, and those that
// the group and all others both have. Until the file has its final group, no user may have more rights than
// at the end. A common mode such as 0644 or 0755 is complete from the start and saves the chmod.
uint32_t CreationMode(uint32_t mode) {
  const uint32_t group = (mode & kGroupBits) >> 3;
  const uint32_t other = mode & kOtherBits;
  const uint32_t both = group & other;
  return (mode & kOwnerBits) | both << 3 | both;
}

bool MayNotOwn(const Status& status) { return status.error() == EPERM || status.error() == EINVAL; }

}  // namespace

Temporary::~Temporary() {
  // The save has failed with an earlier error, which is the one to report. A file that remains has no lock
  // any more, so that a sweep removes it.
  if (!name_.empty()) static_cast<void>(RemoveName(directory_, name_).ok());
}

Status Temporary::Create(const SaveRequest& request, const std::string& name, const Entry& replaced,
                         bool unnamed) {
  // The set-id bits come last.
  uint32_t mode = request.create_mode & ~kSpecialBits;
  if (FinalMode(request, replaced, &mode)) mode = CreationMode(mode);
  Status status = CreateLocked(mode, unnamed);
  if (!status.ok() || !PreservesMode(request, replaced)) return status;
  // Before the file contains data that the list protects.
  return PreserveAccessList(directory_, name, file_);
}

Status Temporary::CreateLocked(uint32_t mode, bool unnamed) {
  for (int attempt = 0; attempt < kMostNames; ++attempt) {
    Status status = unnamed ? platform::CreateUnnamed(directory_, mode, &file_) : CreateNamed(mode);
    if (!status.ok()) {
      if (status.error() == EEXIST) continue;
      return status;
    }
    bool linked = false;
    status = Lock(&linked);
    if (!status.ok() || linked || unnamed) return status;
    // A sweeper came between creation and lock, and took the file for that of an ended writer.
    name_.clear();
  }
  return Status::Failed("open", EEXIST);
}

Status Temporary::CreateNamed(uint32_t mode) {
  std::string name;
  Status status = TemporaryName(&name);
  if (!status.ok()) return status;
  status = platform::CreateFile(directory_, name, mode, &file_);
  if (status.ok()) name_ = std::move(name);
  return status;
}

Status Temporary::Lock(bool* linked) {
  bool locked = false;
  const Status status = platform::LockTemporary(file_, &locked);
  if (!status.ok()) {
    // EAGAIN: a sweeper has the lock, and is about to remove the file.
    if (status.error() != EAGAIN && status.error() != EACCES) return status;
    *linked = false;
    return Status::Ok();
  }
  return platform::ReadAttributes(file_, &attributes_, linked);
}

Status Temporary::Adopt(const Temporary& other, uint64_t* size) {
  Status status = platform::Duplicate(other.file_, &file_);
  if (!status.ok()) return status;
  bool linked = false;
  // The caller also has the descriptor, and may have changed them.
  status = platform::ReadAttributes(file_, &attributes_, &linked);
  if (!status.ok()) return status;
  platform::FileVersion version;
  status = platform::ReadVersion(file_, &version);
  *size = version.size;
  return status;
}

Status Temporary::Write(const uint8_t* data, size_t size, FunctionRef<bool()> cancelled) {
  size_t done = 0;
  while (done < size) {
    if (cancelled()) return Status::Failed(Status::Reason::kCancelled, "write", ECANCELED);
    size_t written = 0;
    Status status = platform::Write(file_, data + done, std::min(size - done, kWriteChunk), &written);
    if (!status.ok()) {
      if (status.error() == EINTR) continue;
      return status;
    }
    // write(2) gives no reason. Retrying would not end if the file does not grow.
    if (written == 0) return Status::Failed("write", EIO);
    done += written;
  }
  return Status::Ok();
}

Status Temporary::SetAttributes(const SaveRequest& request, const std::string& name, const Entry& replaced,
                                bool in_memory) {
  const bool preserves_mode = PreservesMode(request, replaced);
  uint32_t mode = 0;
  const bool has_mode = FinalMode(request, replaced, &mode);
  const uint32_t created_mode = attributes_.mode;
  Attributes wanted = attributes_;
  if (request.preserve_owner && replaced.kind == Entry::Kind::kFile) {
    wanted.uid = replaced.attributes.uid;
    wanted.gid = replaced.attributes.gid;
  }
  if (request.has_uid) wanted.uid = request.uid;
  if (request.has_gid) wanted.gid = request.gid;
  if (wanted.uid != attributes_.uid || wanted.gid != attributes_.gid) {
    Status status = SetOwner(request, wanted);
    if (!status.ok()) return status;
    // chown(2): which set-id bits are cleared depends on the rest of the mode and on the process.
    if ((attributes_.mode & (kSetUserId | kSetGroupId)) != 0) attributes_.mode = kUnknownMode;
  }
  // The new version has the user and the group that the rights of the old one are for, or those that the
  // caller has given.
  KeptOwnership kept;
  kept.owner =
      attributes_.uid == replaced.attributes.uid || (request.has_uid && attributes_.uid == request.uid);
  kept.group =
      attributes_.gid == replaced.attributes.gid || (request.has_gid && attributes_.gid == request.gid);
  kept.mode = preserves_mode;
  if (preserves_mode) {
    Status status = PreserveAccessList(directory_, name, file_);
    if (!status.ok()) return status;
  }
  if (request.preserve_attributes && replaced.kind == Entry::Kind::kFile) {
    bool mode_changed = false;
    Status status = PreserveExtendedAttributes(directory_, name, kept, file_, &mode_changed);
    if (mode_changed) attributes_.mode = kUnknownMode;
    if (status.ok() && !in_memory) status = CopyFlags(name);
    if (!status.ok()) return status;
  }
  if (!has_mode) {
    const uint32_t create_bits = request.create_mode & kSpecialBits;
    if (create_bits == 0) return Status::Ok();
    // The system has applied the umask to the other bits.
    mode = created_mode | create_bits;
  } else if (!request.has_mode) {
    // Rights of one owner or group must not pass to another: set-id bits would run programs as another user,
    // and a file that is private to one group would be open to the next.
    if (!kept.owner) mode &= ~kSetUserId;
    if (!kept.group) mode &= ~kSetGroupId & (~kGroupBits | ((mode & kOtherBits) << 3));
  }
  if (mode == attributes_.mode) return Status::Ok();
  Status status = platform::SetMode(file_, mode);
  if (status.ok()) attributes_.mode = mode;
  return status;
}

// chown(2): an unprivileged process may not give files away, but may choose among its own groups. EINVAL: its
// user namespace has no such user or group (user_namespaces(7)).
Status Temporary::SetOwner(const SaveRequest& request, const Attributes& wanted) {
  Status status = platform::SetOwner(file_, wanted.uid, wanted.gid);
  if (!status.ok() && !MayNotOwn(status)) return status;
  if (status.ok()) {
    attributes_.uid = wanted.uid;
    attributes_.gid = wanted.gid;
  } else if (wanted.uid != attributes_.uid && wanted.gid != attributes_.gid) {
    // Each alone.
    Status alone = platform::SetOwner(file_, attributes_.uid, wanted.gid);
    if (alone.ok()) {
      attributes_.gid = wanted.gid;
    } else if (MayNotOwn(alone)) {
      alone = platform::SetOwner(file_, wanted.uid, attributes_.gid);
      if (alone.ok()) attributes_.uid = wanted.uid;
    }
    if (!alone.ok() && !MayNotOwn(alone)) return alone;
  }
  const bool lacks_required = (request.has_uid && attributes_.uid != request.uid) ||
                              (request.has_gid && attributes_.gid != request.gid);
  return request.owner_required && lacks_required ? std::move(status) : Status::Ok();
}

// Flags that the process may not read or set, or that the filesystem does not have, are left out.
Status Temporary::CopyFlags(const std::string& name) {
  platform::FileFlags wanted;
  platform::FileFlags current;
  if (!platform::ReadFlags(directory_, name, &wanted).ok()) return Status::Ok();
  if (!platform::ReadFlags(file_, &current).ok()) return Status::Ok();
  if (wanted.project != current.project) {
    // A file of another project cannot be renamed into a directory that gives its project to its files
    // (EXDEV).
    bool inherits = true;
    const Status status = platform::ReadProjectInheritance(directory_, &inherits);
    if (!status.ok() || inherits) wanted.project = current.project;
  }
  if (wanted.project == current.project && wanted.flags == current.flags) return Status::Ok();
  Status status = platform::SetFlags(file_, wanted);
  const int error = status.error();
  if (error == EPERM || error == EACCES || platform::IsUnsupported(error)) return Status::Ok();
  return status;
}

Status Temporary::Sync(FileSync how, bool* ordered) {
  *ordered = true;
  switch (how) {
    case FileSync::kNone:
      return Status::Ok();
    case FileSync::kWriteBack:
      return platform::WriteBack(file_);
    case FileSync::kData: {
      Reached reached = Reached::kSubmitted;
      Status status = SyncFile(file_, &reached);
      *ordered = reached != Reached::kSubmitted;
      return status;
    }
  }
  return Status::Ok();
}

Status Temporary::FinishWriting() {
  platform::Descriptor kept;
  Status status = platform::Duplicate(file_, &kept);
  if (!status.ok()) return status;
  // Each close of a duplicate calls ->flush of the filesystem (fs/open.c, filp_close).
  status = file_.Close();
  if (status.ok()) file_ = std::move(kept);
  return status;
}

Status Temporary::Replace(const std::string& name, const platform::FileVersion* expected, bool* found,
                          bool* published) {
  if (name_.empty() && !*found && expected == nullptr) {
    // Directly to its final name, so that a crash never finds it under a temporary one.
    Status status = platform::LinkUnnamed(file_, directory_, name);
    *published = status.ok();
    if (status.ok()) return status;
    if (status.error() != EEXIST) return std::move(status).On(directory_.PathOf(name));
    *found = true;
  }
  Status status = EnsureName();
  if (status.ok()) status = RefuseIfChanged(name, expected);
  if (!status.ok()) return status;
  status = RenameReplacing(directory_, name_, directory_, name);
  if (!status.ok()) return std::move(status).On(directory_.PathOf(name_), directory_.PathOf(name));
  // From here on the name must not be removed: the file has the target's name, and another program may use
  // the old one.
  name_.clear();
  *published = true;
  return ReleaseIfBlocking();
}

// An unnamed file needs a name to be renamed from.
Status Temporary::EnsureName() {
  if (!name_.empty()) return Status::Ok();
  std::string own;
  Status status = TemporaryName(&own);
  if (!status.ok()) return status;
  status = platform::LinkUnnamed(file_, directory_, own);
  if (!status.ok()) return std::move(status).On(directory_.PathOf(own));
  name_ = std::move(own);
  return Status::Ok();
}

// The last step before the rename. Another program may still replace the file between the two calls: Linux
// has no rename that depends on the replaced version.
Status Temporary::RefuseIfChanged(const std::string& target, const platform::FileVersion* expected) const {
  if (expected == nullptr) return Status::Ok();
  platform::FileVersion current;
  Status status = platform::LookUpVersion(directory_, target, &current);
  if (!status.ok() || current == *expected) return status;
  return Status::Failed(Status::Reason::kChanged, "rename", EAGAIN);
}

Status Temporary::Exchange(const std::string& target, const platform::FileVersion* expected,
                           bool* published) {
  Status status = EnsureName();
  if (status.ok()) status = RefuseIfChanged(target, expected);
  if (!status.ok()) return status;
  status = platform::Exchange(directory_, name_, directory_, target);
  if (!status.ok()) return std::move(status).On(directory_.PathOf(name_), directory_.PathOf(target));
  *published = true;
  return status;
}

Status Temporary::RemoveExchanged() {
  const std::string name = std::exchange(name_, std::string());
  Status status = RemoveName(directory_, name);
  // ENOENT: a sweep has removed it, or it was moved to the location where it is kept.
  if (!status.ok() && status.error() != ENOENT) return std::move(status).On(directory_.PathOf(name));
  return Status::Ok();
}

Status Temporary::PublishExclusive(const std::string& name, bool* published) {
  if (name_.empty()) {
    Status status = platform::LinkUnnamed(file_, directory_, name);
    if (!status.ok()) return std::move(status).On(directory_.PathOf(name));
    *published = true;
    return Status::Ok();
  }
  Status status = RenameNoReplace(directory_, name_, directory_, name);
  if (!status.ok() && platform::IsUnsupported(status.error())) {
    status = platform::Link(directory_, name_, directory_, name);
    if (!status.ok()) {
      // link(2): EPERM if the filesystem has no hard links.
      if (status.error() == EPERM || platform::IsUnsupported(status.error())) {
        return Status::Failed(Status::Reason::kUnsupported, "link", status.error());
      }
      return std::move(status).On(directory_.PathOf(name_), directory_.PathOf(name));
    }
    *published = true;
    status = RemoveName(directory_, name_);
    if (!status.ok()) return std::move(status).On(directory_.PathOf(name_));
    name_.clear();
    return ReleaseIfBlocking();
  }
  if (!status.ok()) return std::move(status).On(directory_.PathOf(name_), directory_.PathOf(name));
  name_.clear();
  *published = true;
  return ReleaseIfBlocking();
}

Status Temporary::SyncFilesystem() const {
  const Status status = platform::SyncFilesystem(file_);
  if (!status.ok()) return status;
  // Without a journal ext4 flushes the disk's cache before its last blocks are written (fs/sync.c,
  // sync_filesystem: ->sync_fs comes before sync_blockdev). fdatasync flushes it once more after them.
  return platform::SyncData(file_);
}

// The next save to the path may be in the same group, and be renamed before this save ends.
Status Temporary::ReleaseIfBlocking() {
  return platform::OpenFilesMayBlockRenames() ? Release() : Status::Ok();
}

Status Temporary::Release() { return file_.valid() ? file_.Close() : Status::Ok(); }

}  // namespace indelible
