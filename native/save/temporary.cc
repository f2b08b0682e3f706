#include "temporary.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "content_copy.h"
#include "optional_calls.h"
#include "rename_retry.h"
#include "sync_fallback.h"
#include "temporary_name.h"

namespace indelible {

namespace {

using platform::Entry;

// Names have 80 random bits. A second attempt is due to a sweeper, a tenth to a broken filesystem.
constexpr int kMostTemporaryNames = 10;

// The bytes written between two checks for cancellation.
constexpr size_t kWriteChunk = size_t{8} << 20;

}  // namespace

Temporary::~Temporary() {
  if (!taken_.empty()) {
    // The adopted file is still its owner's, who may try again.
    if (RenameReplacing(directory_, name_, lender_->directory_, taken_).ok()) name_.clear();
    if (name_.empty()) lender_->name_ = std::move(taken_);
    lender_->lent_ = false;
  }
  // The save has failed with an earlier error, which is the one to report. A file that remains is left to a
  // sweep.
  if (!name_.empty()) static_cast<void>(RemoveName(directory_, name_).ok());
}

Status Temporary::Create(const SaveRequest& request, const std::string& name, const Entry& replaced,
                         const Plan& plan) {
  Status status = rights_.Read(request, directory_, name, replaced);
  if (status.ok()) status = CreateWithMode(rights_.CreationMode(request), plan.unnamed);
  return status.ok() ? SetBeforeContent(request, name, plan) : status;
}

Status Temporary::CreatePrivate(bool unnamed) { return CreateWithMode(Rights::kPrivateMode, unnamed); }

Status Temporary::ProtectContent(const SaveRequest& request, const std::string& name, const Entry& replaced) {
  return Rights::CopyAccessList(request, directory_, name, replaced, file_);
}

Status Temporary::CreateWithMode(uint32_t mode, bool unnamed) {
  created_private_ = mode == Rights::kPrivateMode;
  bool linked = false;
  if (unnamed) {
    Status status = platform::CreateUnnamed(directory_, mode, &file_);
    if (status.ok()) return ReadCreated(&linked);
    if (!MayBeUnavailable(OptionalCall::kCreateUnnamed, status)) return status;
  }
  for (int attempt = 0; attempt < kMostTemporaryNames; ++attempt) {
    Status status = CreateNamed(mode);
    if (!status.ok()) {
      if (status.error() == EEXIST) continue;
      return status;
    }
    if (unnamed) SetUnavailable(filesystem_, OptionalCall::kCreateUnnamed);
    status = ReadCreated(&linked);
    if (!status.ok() || linked) return status;
    // A sweeper found the new name before the file was open, and took it for that of an ended writer.
    name_.clear();
  }
  return Status::Failed("open", EEXIST);
}

Status Temporary::CreateNamed(uint32_t mode) {
  std::string name;
  Status status = TemporaryName(kind_, &name);
  if (!status.ok()) return status;
  status = platform::CreateFile(directory_, name, mode, &file_);
  if (status.ok()) name_ = std::move(name);
  return status;
}

Status Temporary::ReadCreated(bool* linked) {
  const Status status = platform::ReadAttributes(file_, &attributes_, linked);
  created_ = attributes_;
  return status;
}

Status Temporary::Adopt(Temporary* other, uint64_t* size) {
  lender_ = other;
  Status status = platform::Duplicate(other->file_, &file_);
  if (!status.ok()) return status;
  bool linked = false;
  // The caller also has the descriptor, and may have changed them.
  status = platform::ReadAttributes(file_, &attributes_, &linked);
  if (!status.ok()) return status;
  created_private_ = other->created_private_ && attributes_.mode == other->created_.mode;
  created_ = attributes_;
  platform::FileVersion version;
  status = platform::ReadVersion(file_, &version);
  *size = version.size;
  return status;
}

Status Temporary::CopyContent(const Temporary& other, FunctionRef<bool()> cancelled) {
  for (uint64_t offset = 0;;) {
    if (cancelled()) return Status::Failed(Status::Reason::kCancelled, "write", ECANCELED);
    uint64_t copied = 0;
    Status status = indelible::CopyContent(other.file_, file_, filesystem_, offset, &copied);
    if (!status.ok() || copied == 0) return status;
    offset += copied;
  }
}

Status Temporary::CopyAdoptedRights(const Temporary& other) {
  const platform::Attributes& wanted = other.created_;
  Status status;
  if (wanted.uid != attributes_.uid || wanted.gid != attributes_.gid)
    status = platform::SetOwner(file_, wanted.uid, wanted.gid);
  if (status.ok() && wanted.mode != attributes_.mode) status = platform::SetMode(file_, wanted.mode);
  if (!status.ok()) return status;
  created_ = attributes_ = wanted;
  created_private_ = other.created_private_;
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

Status Temporary::SetBeforeContent(const SaveRequest& request, const std::string& name, const Plan& plan) {
  Plan used = plan;
  used.unnamed = plan.unnamed && name_.empty();
  Status status = rights_.SetBeforeContent(request, directory_, name, filesystem_, used, file_,
                                           created_private_, &attributes_);
  before_content_set_ = status.ok();
  return status;
}

Status Temporary::SetRights(const SaveRequest& request, const std::string& name, const Entry& replaced,
                            const Plan& plan) {
  if (!before_content_set_) {
    // Of a stream or an adopted file only the end shows what it replaces.
    Status status = rights_.Read(request, directory_, name, replaced);
    if (status.ok()) status = SetBeforeContent(request, name, plan);
    if (!status.ok()) return status;
  }
  Status status = rights_.SetMode(request, file_, &attributes_);
  if (!status.ok() || !rights_.ChangesOwner(request, attributes_)) return status;
  // As long as this process owns the file.
  if (name_.empty() && !platform::MayLinkFilesOfOthers()) status = EnsureName();
  return status.ok() ? rights_.SetOwner(request, file_, &attributes_) : status;
}

Status Temporary::RefreshRights(const SaveRequest& request, const std::string& name, const Entry& replaced,
                                const Plan& plan, bool* changed) {
  Rights now;
  Status status = now.Read(request, directory_, name, replaced);
  *changed = status.ok() && !now.HasReadTheSame(rights_);
  if (!*changed) return status;
  status = TakeBack(Rights::kPrivateMode);
  if (!status.ok()) return status;
  created_private_ = true;
  rights_ = std::move(now);
  status = SetBeforeContent(request, name, plan);
  return status.ok() ? SetRights(request, name, replaced, plan) : status;
}

// Makes the file this process's own again, with the mode `mode`.
Status Temporary::TakeBack(uint32_t mode) {
  if (attributes_.uid != created_.uid) {
    Status status = platform::SetOwner(file_, created_.uid, attributes_.gid);
    if (!status.ok()) return status;
    attributes_.uid = created_.uid;
  }
  Status status = platform::SetMode(file_, mode);
  if (status.ok()) attributes_.mode = mode;
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
  if (name_.empty() && !*found && expected == nullptr &&
      !IsUnavailable(filesystem_, OptionalCall::kLinkUnnamed)) {
    // Directly to its final name, so that a crash never finds it under a temporary one.
    Status status = platform::LinkUnnamed(file_, directory_, name);
    *published = status.ok();
    if (status.ok()) return status;
    *found = status.error() == EEXIST;
    if (!*found && !MayBeUnavailable(OptionalCall::kLinkUnnamed, status)) {
      return std::move(status).On(directory_.PathOf(name));
    }
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
  Published();
  return ReleaseIfBlocking();
}

// An unnamed file needs a name to be renamed from.
Status Temporary::EnsureName() {
  if (!name_.empty()) return Status::Ok();
  std::string own;
  Status status = TemporaryName(kind_, &own);
  if (!status.ok()) return status;
  if (!IsUnavailable(filesystem_, OptionalCall::kLinkUnnamed)) {
    status = platform::LinkUnnamed(file_, directory_, own);
  } else {
    status = Status::Failed("link", ENOSYS);
  }
  if (!status.ok() && MayBeUnavailable(OptionalCall::kLinkUnnamed, status)) {
    Status taken = TakeNameOfLender(own);
    // What it is done instead has its own errors. Without a name to take, that is up to the caller.
    if (taken.ok() || !cannot_get_name_) status = std::move(taken);
  }
  if (!status.ok()) return std::move(status).On(directory_.PathOf(own));
  name_ = std::move(own);
  return Status::Ok();
}

// The file of another temporary that has a name gets that name, moved to this directory.
Status Temporary::TakeNameOfLender(const std::string& own) {
  cannot_get_name_ = lender_ == nullptr || lender_->lent_.exchange(true);
  if (cannot_get_name_) return Status::Failed("link", ENOSYS);
  cannot_get_name_ = lender_->name_.empty();
  Status status = cannot_get_name_ ? Status::Failed("link", ENOSYS)
                                   : RenameReplacing(lender_->directory_, lender_->name_, directory_, own);
  if (status.ok()) {
    taken_ = std::exchange(lender_->name_, std::string());
    SetUnavailable(filesystem_, OptionalCall::kLinkUnnamed);
  } else {
    lender_->lent_ = false;
  }
  return status;
}

// The file has the target's name, whoever made it.
void Temporary::Published() { taken_.clear(); }

// The last step before the rename. Another program may still replace the file between the two calls: Linux
// has no rename that depends on the replaced version.
Status Temporary::RefuseIfChanged(const std::string& target, const platform::FileVersion* expected) const {
  if (expected == nullptr) return Status::Ok();
  platform::FileVersion current;
  Status status = expected->ask_server ? platform::AskServer(directory_, target) : Status::Ok();
  if (status.ok()) status = platform::LookUpVersion(directory_, target, &current);
  if ((!status.ok() && status.error() != EAGAIN) || current == *expected) return status;
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
  Published();
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
  if (name_.empty() && !IsUnavailable(filesystem_, OptionalCall::kLinkUnnamed)) {
    Status status = platform::LinkUnnamed(file_, directory_, name);
    *published = status.ok();
    if (!status.ok() && !MayBeUnavailable(OptionalCall::kLinkUnnamed, status)) {
      return std::move(status).On(directory_.PathOf(name));
    }
    if (status.ok()) return status;
  }
  Status status = EnsureName();
  if (!status.ok()) return status;
  status = Status::Failed("rename", ENOSYS);
  if (!IsUnavailable(filesystem_, OptionalCall::kRenameExclusive)) {
    status = RenameNoReplace(directory_, name_, directory_, name);
  }
  if (!status.ok() && MayBeUnavailable(OptionalCall::kRenameExclusive, status)) {
    return LinkAndUnlink(name, published);
  }
  if (!status.ok()) return std::move(status).On(directory_.PathOf(name_), directory_.PathOf(name));
  name_.clear();
  *published = true;
  Published();
  return ReleaseIfBlocking();
}

Status Temporary::LinkAndUnlink(const std::string& name, bool* published) {
  Status status = ExplainDenial(OptionalCall::kLink, platform::Link(directory_, name_, directory_, name));
  if (!status.ok()) {
    // link(2): EPERM if the filesystem has no hard links.
    if (status.error() == EPERM || platform::IsUnsupported(status.error())) {
      return Status::Failed(Status::Reason::kUnsupported, "link", status.error());
    }
    return std::move(status).On(directory_.PathOf(name_), directory_.PathOf(name));
  }
  *published = true;
  Published();
  status = RemoveName(directory_, name_);
  if (!status.ok()) return std::move(status).On(directory_.PathOf(name_));
  name_.clear();
  SetUnavailable(filesystem_, OptionalCall::kRenameExclusive);
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
