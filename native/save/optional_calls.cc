#include "optional_calls.h"

#include <errno.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "../platform/mutex.h"

namespace indelible {

namespace {

using platform::Descriptor;
using platform::Directory;
using platform::FilesystemId;

struct Row {
  OptionalCall call;
  // For `inspect` and the documents.
  const char* name;
  // An error that means "not available" for this call, besides those that mean it for every call.
  int also;
  const char* instead;
  // Makes the call without a file. It fails with EBADF or ENOENT, unless a filter forbids it. Null: there is
  // no such form of the call.
  Status (*probe)();
};

// docs/platforms.md has the same table for users, which test/unit/optional-calls.test.ts compares.
constexpr Row kRows[] = {
    // EISDIR: before Linux 3.11 (open(2)).
    {OptionalCall::kCreateUnnamed, "open(O_TMPFILE)", EISDIR, "a temporary with a name",
     [] {
       Descriptor file;
       return platform::CreateUnnamed(Directory(), 0, &file);
     }},
    // ENOENT: /proc is not mounted.
    {OptionalCall::kLinkUnnamed, "linkat(/proc/self/fd)", ENOENT,
     "the temporary's own name is moved; the content of an unnamed one is copied to a named one",
     [] { return platform::Link(Directory(), "", Directory(), ""); }},
    {OptionalCall::kWriteBack, "sync_file_range", 0, "fdatasync: the protocol is sync-rename-sync",
     [] { return platform::WriteBack(Descriptor()); }},
    {OptionalCall::kRenameExclusive, "renameat2(RENAME_NOREPLACE)", 0,
     "link and unlink; renameExclusive is ERR_INDELIBLE_UNSUPPORTED",
     [] { return platform::RenameExclusive(Directory(), "", Directory(), ""); }},
    {OptionalCall::kExchange, "renameat2(RENAME_EXCHANGE)", 0,
     "keepPrevious: rename; exchange, replaceDirectory: ERR_INDELIBLE_UNSUPPORTED",
     [] { return platform::Exchange(Directory(), "", Directory(), ""); }},
    {OptionalCall::kLink, "linkat", 0,
     "keepPrevious: ERR_INDELIBLE_UNSUPPORTED; ext4 without a journal: durability is 'none'",
     [] { return platform::Link(Directory(), "", Directory(), ""); }},
    {OptionalCall::kFlags, "ioctl(FS_IOC_FSGETXATTR)", 0, "file flags and project are not preserved",
     nullptr},
    {OptionalCall::kSyncFilesystem, "syncfs", 0,
     "groups are synced file by file; without syncs of directories, durability is at most 'ordered'",
     [] { return platform::SyncFilesystem(Descriptor()); }},
    {OptionalCall::kSyncDirectory, "fsync of a directory", 0, "durability is at most 'ordered'", nullptr},
    // EXDEV: the other file is on another filesystem.
    {OptionalCall::kClone, "ioctl(FICLONE)", EXDEV, "copy_file_range",
     [] { return platform::CloneContent(Descriptor(), Descriptor()); }},
    {OptionalCall::kCopyRange, "copy_file_range", EXDEV, "read and write",
     [] {
       uint64_t copied = 0;
       return platform::CopyRange(Descriptor(), Descriptor(), 0, 1, &copied);
     }},
};

constexpr const Row& RowOf(OptionalCall call) { return kRows[static_cast<size_t>(call)]; }

constexpr bool IsInOrder() {
  size_t index = 0;
  for (const Row& row : kRows) {
    if (static_cast<size_t>(row.call) != index++) return false;
  }
  return true;
}
static_assert(IsInOrder());

// Nothing tells when a filesystem is unmounted.
constexpr size_t kMostFilesystems = 256;

constexpr uint32_t BitOf(OptionalCall call) { return 1U << static_cast<uint32_t>(call); }

// The calls that are unavailable on each filesystem. The state belongs to the process.
class UnavailableByFilesystem {
 public:
  static UnavailableByFilesystem& Get() {
    // Never destroyed: threads may still run at exit.
    static UnavailableByFilesystem& all = *new UnavailableByFilesystem();
    return all;
  }

  void Add(const FilesystemId& filesystem, OptionalCall call) EXCLUDES(mutex_) {
    const uint64_t generation = platform::MountTableGeneration();
    MutexLock lock(mutex_);
    if (known_.size() >= kMostFilesystems && known_.count(filesystem) == 0) known_.clear();
    Known& known = known_[filesystem];
    if (known.generation != generation) known = Known{generation, 0};
    known.calls |= BitOf(call);
    empty_ = false;
  }

  void Keep(const FilesystemId& filesystem, uint64_t generation) EXCLUDES(mutex_) {
    if (empty_) return;
    MutexLock lock(mutex_);
    const auto found = known_.find(filesystem);
    if (found != known_.end()) found->second.generation = generation;
  }

  uint32_t Find(const FilesystemId& filesystem) EXCLUDES(mutex_) {
    // The usual case, without a lock.
    if (empty_) return 0;
    const uint64_t generation = platform::MountTableGeneration();
    MutexLock lock(mutex_);
    const auto found = known_.find(filesystem);
    return found == known_.end() || found->second.generation != generation ? 0 : found->second.calls;
  }

 private:
  struct Known {
    // Of the mount table. After a change the same numbers may mean another filesystem.
    uint64_t generation = 0;
    uint32_t calls = 0;
  };

  std::atomic<bool> empty_{true};
  Mutex mutex_;
  std::map<FilesystemId, Known> known_ GUARDED_BY(mutex_);
};

// No file is involved, so an error that means "not permitted" concerns the call as such.
bool IsCallForbidden(const Row& row) {
  if (row.probe == nullptr) return false;
  const Status status = row.probe();
  return !status.ok() && platform::MayBeForbidden(status.error());
}

}  // namespace

const std::vector<const char*>& OptionalCallNames() {
  static const std::vector<const char*>& names = *[] {
    auto* all = new std::vector<const char*>();
    for (const Row& row : kRows) all->push_back(row.name);
    return all;
  }();
  return names;
}

bool MayBeUnavailable(OptionalCall call, const Status& status) {
  if (status.ok() || status.reason() != Status::Reason::kSystemCall) return false;
  const int error = status.error();
  const int also = RowOf(call).also;
  return platform::IsUnsupported(error) || platform::MayBeForbidden(error) || (also != 0 && error == also);
}

void SetUnavailable(const FilesystemId& filesystem, OptionalCall call) {
  UnavailableByFilesystem::Get().Add(filesystem, call);
}

void KeepUnavailable(const FilesystemId& filesystem, uint64_t generation) {
  UnavailableByFilesystem::Get().Keep(filesystem, generation);
}

bool IsUnavailable(const FilesystemId& filesystem, OptionalCall call) {
  return (UnavailableByFilesystem::Get().Find(filesystem) & BitOf(call)) != 0;
}

Status ExplainDenial(OptionalCall call, Status status) {
  if (status.ok() || !platform::MayBeForbidden(status.error()) || !IsCallForbidden(RowOf(call)))
    return status;
  return Status::Failed(status.syscall(), ENOSYS);
}

void RemoveUnavailable(const FilesystemId& filesystem, Decision* decision) {
  const uint32_t unavailable = UnavailableByFilesystem::Get().Find(filesystem);
  if (unavailable == 0) return;
  const auto lacks = [&](OptionalCall call) { return (unavailable & BitOf(call)) != 0; };
  for (Plan& plan : decision->plans) {
    if (lacks(OptionalCall::kCreateUnnamed) || lacks(OptionalCall::kLinkUnnamed)) plan.unnamed = false;
    if (lacks(OptionalCall::kWriteBack)) plan.SyncBeforeRename();
    if (lacks(OptionalCall::kSyncFilesystem)) {
      plan.sync_filesystem = false;
      plan.group_sync = GroupSync::kNone;
    }
    if (lacks(OptionalCall::kSyncDirectory)) {
      plan.directories_sync = false;
      plan.achieves = std::max(plan.achieves, Durability::kOrdered);
    }
  }
}

std::vector<const char*> UnavailableCalls(const FilesystemId& filesystem) {
  const uint32_t unavailable = UnavailableByFilesystem::Get().Find(filesystem);
  std::vector<const char*> names;
  for (const Row& row : kRows) {
    if ((unavailable & BitOf(row.call)) != 0 || IsCallForbidden(row)) names.push_back(row.name);
  }
  return names;
}

}  // namespace indelible
