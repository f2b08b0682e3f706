#include "lock_file.h"

#include <errno.h>

#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include "links.h"
#include "temporary.h"

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;

// How often another program may remove the file while it is opened.
constexpr int kMostLockFiles = 10;

// How long a second name may be that of a moment: two seconds in all. GlusterFS and the kernel remember the
// number of names for a second.
constexpr std::chrono::milliseconds kPause(50);
constexpr int kMostPauses = 40;

// S_IWGRP and S_IWOTH, and what they are worth for the lock file (inode(7)).
constexpr uint32_t kGroupMayWrite = 0020;
constexpr uint32_t kOthersMayWrite = 0002;
constexpr uint32_t kOwnerLocks = 0600;
constexpr uint32_t kGroupLocks = 0060;
constexpr uint32_t kOthersLock = 0006;

constexpr uint32_t kUnchanged = std::numeric_limits<uint32_t>::max();

// The group's bits of a directory with an access list are the most that the list gives anybody (acl(5)), and
// a new file may inherit another list.
bool MayHaveAccessList(const Directory& directory) {
  std::vector<std::string> attributes;
  if (!platform::ListAttributes(directory.descriptor, &attributes).ok()) return true;
  for (const std::string& attribute : attributes) {
    if (attribute.compare(0, 16, "system.posix_acl") == 0) return true;
  }
  return false;
}

// Under another name first, so that it has its final rights when others see it.
Status MakeLockFile(const Directory& directory, const std::string& name,
                    const platform::FilesystemId& filesystem) {
  Temporary made(directory, filesystem, TemporaryKind::kAny);
  Entry parent;
  Entry created;
  Status status = platform::LookUp(directory, ".", &parent);
  if (status.ok()) status = made.CreatePrivate(false);
  if (status.ok()) status = platform::Describe(made.file(), &created);
  if (!status.ok()) return status;
  const platform::Attributes& rights = parent.attributes;
  // The system may refuse that to a user who does not belong to the group.
  const bool of_group =
      created.attributes.gid == rights.gid || platform::SetOwner(made.file(), kUnchanged, rights.gid).ok();
  // In a sticky directory other users are refused the file, unless it is that of the directory's owner.
  const bool of_use = (rights.mode & kStickyBit) == 0 || created.attributes.uid == rights.uid;
  uint32_t mode = kOwnerLocks;
  if (of_use && (rights.mode & kGroupMayWrite) != 0 && of_group && !MayHaveAccessList(directory))
    mode |= kGroupLocks;
  if (of_use && (rights.mode & kOthersMayWrite) != 0) mode |= kOthersLock;
  // Not with the creation: the umask would apply.
  status = platform::SetMode(made.file(), mode);
  bool published = false;
  return status.ok() ? made.PublishExclusive(name, &published) : status;
}

}  // namespace

Status OpenLockFile(const Directory& directory, const std::string& name,
                    const platform::FilesystemId& filesystem, Directory* lock_file) {
  Status status;
  for (int attempt = 0; attempt < kMostLockFiles; ++attempt) {
    status = platform::OpenToLock(directory, name, &lock_file->descriptor);
    if (status.error() == ENOENT) {
      status = MakeLockFile(directory, name, filesystem);
      if (status.ok() || status.error() == EEXIST) continue;
    }
    if (status.error() == platform::kStale) continue;
    break;
  }
  for (int left = kMostPauses; status.ok(); --left) {
    Entry opened;
    status = platform::Describe(lock_file->descriptor, &opened);
    if (status.ok()) status = RefuseForeign(directory, opened);
    // A second name may be that of a moment, from its creation. But in a directory that others may write,
    // another user may have given a file of this user that name (fs.protected_hardlinks).
    bool shared = false;
    if (status.ok() && opened.links > 1) status = CheckShared(directory, &shared);
    if (!status.ok()) break;
    if (opened.kind != Entry::Kind::kFile || (shared && left == 0)) {
      status = Status::Failed("open", EACCES);
    } else if (!shared) {
      break;
    } else {
      platform::Pause(kPause);
    }
  }
  lock_file->path = directory.PathOf(name);
  lock_file->lock_file = true;
  return status.ok() ? std::move(status) : std::move(status).On(lock_file->path);
}

Status IsLockFile(const Directory& directory, const std::string& name, const platform::Identity& lock_file,
                  bool* is) {
  Status status = platform::AskServer(directory, name);
  platform::FileVersion version;
  if (status.ok()) status = platform::LookUpVersion(directory, name, &version);
  *is = status.ok() && version.exists && version.inode == lock_file.inode;
  return status.error() == EAGAIN ? Status::Ok() : std::move(status);
}

}  // namespace indelible
