#ifndef INDELIBLE_PLAN_H_
#define INDELIBLE_PLAN_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "temporary_name.h"

namespace indelible {

// The update protocols.
enum class Protocol : uint8_t {
  kSingleCommit,    // Write back, rename, sync the directory.
  kSyncRenameSync,  // Sync the data, rename, sync the directory.
  kRename,          // Rename.
};

// What survives power loss, from the strongest guarantee: the new version; the old or the new version, whole;
// neither for certain.
enum class Durability : uint8_t { kDurable, kOrdered, kNone };

// The plan of a decision that a request asks for.
enum class PlanChoice : uint8_t { kDurable, kOrdered, kNone, kSyncRenameSyncDurable, kSyncRenameSyncOrdered };
inline constexpr size_t kPlanChoices = 5;

constexpr Durability RequestedBy(PlanChoice choice) {
  switch (choice) {
    case PlanChoice::kOrdered:
    case PlanChoice::kSyncRenameSyncOrdered:
      return Durability::kOrdered;
    case PlanChoice::kNone:
      return Durability::kNone;
    case PlanChoice::kDurable:
    case PlanChoice::kSyncRenameSyncDurable:
      break;
  }
  return Durability::kDurable;
}

// How the data reaches the disk before the rename.
enum class FileSync : uint8_t { kNone, kWriteBack, kData };

// What one syncfs does for a group of durable saves with the protocol kSyncRenameSync.
enum class GroupSync : uint8_t {
  kNone,          // Nothing: each file is synced by itself.
  kData,          // It makes the data of all files durable before the renames.
  kDataAndNames,  // The same, and a second one makes the names durable.
};

// The lock that an update has by default, and whether it can have one that other machines see
// (src/filesystem/update-lock.ts).
enum class UpdateLock : uint8_t { kEverywhere, kLocal, kMachine, kNone };

// The steps of saves on one filesystem, for one PlanChoice.
struct Plan {
  Protocol protocol = Protocol::kSyncRenameSync;
  Durability requested = Durability::kDurable;
  // The durability, if every call does what it says.
  Durability achieves = Durability::kDurable;
  bool unnamed = false;
  // The old version keeps a second name until the directory is synced.
  bool pin_replaced = false;
  // The filesystem is in memory, and nothing of it on a disk or a server.
  bool in_memory = false;
  // Only this kernel opens the files of the filesystem, and it knows every open file.
  bool local = false;
  UpdateLock update_lock = UpdateLock::kMachine;
  // One syncfs makes a whole tree of files durable, and reports when it cannot.
  bool sync_filesystem = false;
  GroupSync group_sync = GroupSync::kNone;
  // close(2) may be the first call to report that the data could not be stored.
  bool reports_on_close = true;
  // The sync of a directory is known not to return before the entries are safe.
  bool directory_sync_waits = false;
  // A directory can be synced. What cannot is not tried again.
  bool directories_sync = true;

  // Without a call to write the data back, or where it failed.
  void SyncBeforeRename() {
    if (protocol == Protocol::kSingleCommit) protocol = Protocol::kSyncRenameSync;
  }

  FileSync file_sync() const {
    switch (protocol) {
      case Protocol::kSingleCommit:
        return FileSync::kWriteBack;
      case Protocol::kRename:
        return FileSync::kNone;
      case Protocol::kSyncRenameSync:
        break;
    }
    return FileSync::kData;
  }
  bool sync_directory() const {
    return protocol != Protocol::kRename && requested == Durability::kDurable && directories_sync;
  }
  // Less than the request asks for: an error with `strict`.
  bool falls_short() const { return achieves > requested; }
};

// The kind of temporary names whose files are not open: a second name of another version.
inline TemporaryKind KindOfLinks(const Plan& plan) {
  return plan.local ? TemporaryKind::kLocal : TemporaryKind::kAny;
}

// The decision about one filesystem.
struct Decision {
  std::array<Plan, kPlanChoices> plans;
  // After this number of syncs (PlanRequest::syncs) a new decision is worth while, because the filesystem
  // then shows more. 0: never.
  uint32_t learns_after = 0;
  // It stays right while the mount keeps its options, whatever becomes of other mounts.
  bool of_mount_alone = false;

  const Plan& PlanFor(PlanChoice choice) const { return plans[static_cast<size_t>(choice)]; }
  // For a filesystem without a decision. Correct on every filesystem with a disk.
  static Decision Default() {
    Decision decision;
    for (size_t i = 0; i < kPlanChoices; ++i) {
      Plan& plan = decision.plans[i];
      plan.requested = plan.achieves = RequestedBy(static_cast<PlanChoice>(i));
      if (plan.requested == Durability::kNone) plan.protocol = Protocol::kRename;
    }
    return decision;
  }
};

}  // namespace indelible

#endif  // INDELIBLE_PLAN_H_
