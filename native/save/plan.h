#ifndef INDELIBLE_PLAN_H_
#define INDELIBLE_PLAN_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace indelible {

// The update protocols.
enum class Protocol : uint8_t {
  kSingleCommit,    // Write back, rename, sync the directory.
  kSyncRenameSync,  // Sync the data, rename, sync the directory.
  kRename,          // Rename.
};

// What survives power loss, the strongest first: the new version; the old or the new one, whole; neither for
// certain.
enum class Durability : uint8_t { kDurable, kOrdered, kNone };

// The row of a decision's plans that a request asks for.
enum class PlanChoice : uint8_t { kDurable, kOrdered, kNone, kSyncRenameSyncDurable, kSyncRenameSyncOrdered };
inline constexpr size_t kPlanChoices = 5;

constexpr Durability DurabilityOf(PlanChoice choice) {
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

// How the data gets to the disk before the rename.
enum class FileSync : uint8_t { kNone, kWriteBack, kData };

// How saves go about it on one filesystem, for one PlanChoice.
struct Plan {
  Protocol protocol = Protocol::kSyncRenameSync;
  Durability asked = Durability::kDurable;
  // What comes of it, if every call does what it says.
  Durability achieves = Durability::kDurable;
  bool unnamed = false;
  // The version that is replaced keeps a name until the directory is synced.
  bool pin_replaced = false;
  // Some filesystems (NFS, FUSE) say only at close(2) that the data could not be stored.
  bool close_may_fail = true;
  // One syncfs makes a whole tree of files safe, and says so when it cannot.
  bool sync_filesystem = false;

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
  bool sync_directory() const { return protocol != Protocol::kRename && asked == Durability::kDurable; }
  // Less than the request asks for: refused with `strict`.
  bool falls_short() const { return achieves > asked; }
};

// What was decided about one filesystem.
struct Decision {
  std::array<Plan, kPlanChoices> plans;
  // After how many syncs (PlanRequest::syncs) it is worth deciding again, with what the filesystem shows by
  // then; 0: never.
  uint32_t learns_after = 0;

  const Plan& PlanFor(PlanChoice choice) const { return plans[static_cast<size_t>(choice)]; }
  // For a filesystem about which no decision can be had: right on every one that has a disk.
  static Decision Default() {
    Decision decision;
    for (size_t i = 0; i < kPlanChoices; ++i) {
      Plan& plan = decision.plans[i];
      plan.asked = plan.achieves = DurabilityOf(static_cast<PlanChoice>(i));
      if (plan.asked == Durability::kNone) plan.protocol = Protocol::kRename;
    }
    return decision;
  }
};

}  // namespace indelible

#endif  // INDELIBLE_PLAN_H_
