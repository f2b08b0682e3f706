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
constexpr uint32_t kOwnerBits = 0700;
constexpr uint32_t kGroupBits = 0070;
constexpr uint32_t kOtherBits = 0007;
constexpr uint32_t kUnknownMode = ~uint32_t{0};
// What open(2) gives a new file; the umask applies.
constexpr uint32_t kDefaultMode = 0666;

// Names are 80 random bits; a second attempt is due to a sweeper, a tenth to a broken filesystem.
constexpr int kMostNames = 10;

// Between two looks at whether the caller has given up.
constexpr size_t kWriteChunk = size_t{8} << 20;

bool Preserves(const SaveRequest& request, const Entry& replaced) {
  return request.preserve_permissions && replaced.kind == Entry::Kind::kFile;
}

// The mode that the file has to end up with, if that is known beforehand.
bool FinalMode(const SaveRequest& request, const Entry& replaced, uint32_t* mode) {
  if (request.has_mode) {
    *mode = request.mode;
  } else if (Preserves(request, replaced)) {
    *mode = replaced.attributes.mode;
  } else {
    return false;
  }
  return true;
}

// What the temporary may be created with when it has to end up with `mode`: the owner's rights, and those
// that the group and all others have alike. Until it belongs to its final group, nobody may do more than at
// the end; and a common mode such as 0644 or 0755 is complete then and saves the chmod.
uint32_t CreationMode(uint32_t mode) {
  const uint32_t group = (mode & kGroupBits) >> 3;
  const uint32_t other = mode & kOtherBits;
  const uint32_t both = group & other;
  return (mode & kOwnerBits) | both << 3 | both;
}

bool MayNotOwn(const Status& status) { return status.error() == EPERM || status.error() == EINVAL; }

}  // namespace

Temporary::~Temporary() {
  // The save has failed with an error of its own already; a second one from here has nobody to go to, and
  // what is left behind carries no lock any more, so that a sweep finds it.
  if (!name_.empty()) static_cast<void>(RemoveName(directory_, name_).ok());
}

Status Temporary::Create(const SaveRequest& request, const std::string& name, const Entry& replaced,
                         bool unnamed) {
  uint32_t mode = kDefaultMode;
  if (FinalMode(request, replaced, &mode)) mode = CreationMode(mode);
  Status status = CreateLocked(mode, unnamed);
  if (!status.ok() || !Preserves(request, replaced)) return status;
  // Before there is any data in it that the list keeps from others.
  return TakeOverAccessList(directory_, name, file_);
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
    // A sweeper came between creation and lock and took the file for a dead writer's.
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
    // EAGAIN: the sweeper has the lock at this moment, and is about to remove the file.
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
  // The caller, who has the descriptor as well, may have changed them.
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
    // write(2) does not say why; a file that stops growing is nothing to wait for.
    if (written == 0) return Status::Failed("write", EIO);
    done += written;
  }
  return Status::Ok();
}

Status Temporary::SetAttributes(const SaveRequest& request, const std::string& name, const Entry& replaced,
                                bool in_memory) {
  const bool preserves = Preserves(request, replaced);
  uint32_t mode = 0;
  const bool has_mode = FinalMode(request, replaced, &mode);
  Attributes wanted = attributes_;
  if (request.has_owner) {
    wanted.uid = request.uid;
    wanted.gid = request.gid;
  } else if (preserves) {
    wanted.uid = replaced.attributes.uid;
    wanted.gid = replaced.attributes.gid;
  }
  if (wanted.uid != attributes_.uid || wanted.gid != attributes_.gid) {
    Status status = platform::SetOwner(file_, wanted.uid, wanted.gid);
    // chown(2): an unprivileged process may not give files away, but may choose among its own groups. EINVAL:
    // its user namespace has no such user (user_namespaces(7)).
    if (!status.ok() && MayNotOwn(status) && !request.has_owner) {
      wanted.uid = attributes_.uid;
      if (wanted.gid != attributes_.gid) {
        status = platform::SetOwner(file_, wanted.uid, wanted.gid);
        if (!status.ok() && MayNotOwn(status)) {
          wanted.gid = attributes_.gid;
          status = Status::Ok();
        }
      } else {
        status = Status::Ok();
      }
    }
    if (!status.ok()) return status;
    attributes_.uid = wanted.uid;
    attributes_.gid = wanted.gid;
    // Which of the set-id bits chown has cleared depends on the rest of the mode and on the process
    // (chown(2)).
    if ((attributes_.mode & (kSetUserId | kSetGroupId)) != 0) attributes_.mode = kUnknownMode;
  }
  if (preserves) {
    Status status = TakeOverAccessList(directory_, name, file_);
    if (!status.ok()) return status;
  }
  if (request.preserve_all && replaced.kind == Entry::Kind::kFile) {
    Kept kept;
    kept.owner = request.has_owner || attributes_.uid == replaced.attributes.uid;
    kept.group = request.has_owner || attributes_.gid == replaced.attributes.gid;
    bool mode_changed = false;
    Status status = CopyExtendedAttributes(directory_, name, kept, file_, &mode_changed);
    if (mode_changed) attributes_.mode = kUnknownMode;
    if (status.ok() && !in_memory) status = CopyFlags(name);
    if (!status.ok()) return status;
  }
  if (!has_mode) return Status::Ok();
  if (preserves && !request.has_mode) {
    // Rights that were given to one owner or group must not pass to another: set-id bits would run programs
    // as somebody else, and a file private to one group would open to the next.
    if (attributes_.uid != replaced.attributes.uid && !request.has_owner) mode &= ~kSetUserId;
    if (attributes_.gid != replaced.attributes.gid && !request.has_owner) {
      mode &= ~kSetGroupId & (~kGroupBits | ((mode & kOtherBits) << 3));
    }
  }
  if (mode == attributes_.mode) return Status::Ok();
  Status status = platform::SetMode(file_, mode);
  if (status.ok()) attributes_.mode = mode;
  return status;
}

// What the process may not read or set, and what the filesystem does not have, is left out.
Status Temporary::CopyFlags(const std::string& name) {
  platform::FileFlags wanted;
  platform::FileFlags current;
  if (!platform::ReadFlags(directory_, name, &wanted).ok()) return Status::Ok();
  if (!platform::ReadFlags(file_, &current).ok()) return Status::Ok();
  if (wanted.project != current.project) {
    // Into a directory that gives its project to its files no file of another can be renamed (EXDEV).
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
      SyncDurability durability = SyncDurability::kSubmitted;
      Status status = SyncFile(file_, &durability);
      *ordered = durability != SyncDurability::kSubmitted;
      return status;
    }
  }
  return Status::Ok();
}

Status Temporary::FinishWriting() {
  platform::Descriptor kept;
  Status status = platform::Duplicate(file_, &kept);
  if (!status.ok()) return status;
  // Each close of a duplicate runs the filesystem's own ->flush (fs/open.c, filp_close).
  status = file_.Close();
  if (status.ok()) file_ = std::move(kept);
  return status;
}

Status Temporary::Replace(const std::string& name, const platform::FileVersion* expected, bool* found,
                          bool* published) {
  if (name_.empty() && !*found && expected == nullptr) {
    // Straight to its name, which leaves no moment for a crash to find it under another one.
    Status status = platform::LinkUnnamed(file_, directory_, name);
    *published = status.ok();
    if (status.ok()) return status;
    if (status.error() != EEXIST) return std::move(status).On(PathOf(name));
    *found = true;
  }
  Status status = TakeName();
  if (status.ok()) status = RefuseIfChanged(name, expected);
  if (!status.ok()) return status;
  status = RenameReplacing(directory_, name_, name);
  if (!status.ok()) return std::move(status).On(PathOf(name_), PathOf(name));
  // From here on the name must not be removed: it is the target's own, or free for somebody else.
  name_.clear();
  *published = true;
  return LetReplace();
}

// An unnamed one needs a name to be renamed from.
Status Temporary::TakeName() {
  if (!name_.empty()) return Status::Ok();
  std::string own;
  Status status = TemporaryName(&own);
  if (!status.ok()) return status;
  status = platform::LinkUnnamed(file_, directory_, own);
  if (!status.ok()) return std::move(status).On(PathOf(own));
  name_ = std::move(own);
  return Status::Ok();
}

// The last step before the rename. Between the two calls somebody may still replace the file: Linux has no
// rename that depends on what it replaces.
Status Temporary::RefuseIfChanged(const std::string& target, const platform::FileVersion* expected) const {
  if (expected == nullptr) return Status::Ok();
  platform::FileVersion found;
  Status status = platform::LookUpVersion(directory_, target, &found);
  if (!status.ok() || found == *expected) return status;
  return Status::Failed(Status::Reason::kChanged, "rename", EAGAIN);
}

Status Temporary::Exchange(const std::string& target, const platform::FileVersion* expected,
                           bool* published) {
  Status status = TakeName();
  if (status.ok()) status = RefuseIfChanged(target, expected);
  if (!status.ok()) return status;
  status = platform::Exchange(directory_, name_, directory_, target);
  if (!status.ok()) return std::move(status).On(PathOf(name_), PathOf(target));
  *published = true;
  return status;
}

Status Temporary::RemoveExchanged() {
  const std::string name = std::exchange(name_, std::string());
  Status status = RemoveName(directory_, name);
  // A sweep may have been faster; or it was moved to where it is kept.
  if (!status.ok() && status.error() != ENOENT) return std::move(status).On(PathOf(name));
  return Status::Ok();
}

Status Temporary::PublishExclusive(const std::string& name, bool* published) {
  if (name_.empty()) {
    Status status = platform::LinkUnnamed(file_, directory_, name);
    if (!status.ok()) return std::move(status).On(PathOf(name));
    *published = true;
    return Status::Ok();
  }
  Status status = RenameToFree(directory_, name_, directory_, name);
  if (!status.ok() && platform::IsUnsupported(status.error())) {
    status = platform::Link(directory_, name_, directory_, name);
    if (!status.ok()) {
      // link(2): EPERM says that the filesystem has no hard links.
      if (status.error() == EPERM || platform::IsUnsupported(status.error())) {
        return Status::Failed(Status::Reason::kUnsupported, "link", status.error());
      }
      return std::move(status).On(PathOf(name_), PathOf(name));
    }
    *published = true;
    status = RemoveName(directory_, name_);
    if (!status.ok()) return std::move(status).On(PathOf(name_));
    name_.clear();
    return LetReplace();
  }
  if (!status.ok()) return std::move(status).On(PathOf(name_), PathOf(name));
  name_.clear();
  *published = true;
  return LetReplace();
}

Status Temporary::SyncFilesystem() const {
  const Status status = platform::SyncFilesystem(file_);
  if (!status.ok()) return status;
  // Without a journal ext4 flushes the disk's cache before the last of its blocks are written (fs/sync.c,
  // sync_filesystem: ->sync_fs comes before sync_blockdev); fdatasync flushes it once more, behind them.
  return platform::SyncData(file_);
}

// The next save to the path may be in the same group, and publish before this one is over.
Status Temporary::LetReplace() { return platform::OpenFilesMayBlockRenames() ? Release() : Status::Ok(); }

Status Temporary::Release() { return file_.valid() ? file_.Close() : Status::Ok(); }

}  // namespace indelible
