#ifndef INDELIBLE_WIRE_H_
#define INDELIBLE_WIRE_H_

#include <cstdint>
#include <string>

// The interface between JavaScript and the addon, described once: src/addon/wire.ts has the same description
// in TypeScript, and test/unit/wire.test.ts compares the two. Names are in the order of the enumerations that
// they name.
namespace indelible::wire {

// The arguments of a save, in this order.
enum RequestField : uint32_t {
  kPath,
  kData,
  kChoice,
  kFlags,
  kMode,
  kCreateMode,
  kUid,
  kGid,
  kPrevious,
  kExpected,
  kTemporary,
  kTicket,
  kRequestFields,
};
inline constexpr const char* kRequestNames[] = {"path",     "data",       "choice",    "flags",
                                                "mode",     "createMode", "uid",       "gid",
                                                "previous", "expected",   "temporary", "ticket"};
static_assert(sizeof kRequestNames / sizeof kRequestNames[0] == kRequestFields);

// The bits of `flags`, from the lowest.
enum Flag : uint32_t {
  kExclusive = 1U << 0,
  kFollowSymlinks = 1U << 1,
  kMakeDirectories = 1U << 2,
  kPreserveMode = 1U << 3,
  kPreserveOwner = 1U << 4,
  kPreserveAttributes = 1U << 5,
  kStrict = 1U << 6,
  kHasMode = 1U << 7,
  kHasUid = 1U << 8,
  kHasGid = 1U << 9,
  kOwnerRequired = 1U << 10,
  kTimed = 1U << 11,
  kExpectsMissing = 1U << 12,
  kUsesDefaultPlan = 1U << 13,
  kAmongMany = 1U << 14,
  kOnlyIfWritable = 1U << 15,
};
inline constexpr const char* kFlagNames[] = {
    "exclusive",          "followSymlinks", "makeDirectories", "preserveMode",    "preserveOwner",
    "preserveAttributes", "strict",         "hasMode",         "hasUid",          "hasGid",
    "ownerRequired",      "timed",          "expectsMissing",  "usesDefaultPlan", "amongMany",
    "onlyIfWritable"};
inline constexpr uint32_t kAllFlags = (1U << (sizeof kFlagNames / sizeof kFlagNames[0])) - 1;

// For PlanChoice.
inline constexpr const char* kChoiceNames[] = {"durable", "ordered", "none", "sync-rename-sync, durable",
                                               "sync-rename-sync, ordered"};
// For Protocol and Durability.
inline constexpr const char* kProtocolNames[] = {"single-commit", "sync-rename-sync", "rename"};
inline constexpr const char* kDurabilityNames[] = {"durable", "ordered", "none"};
// For GroupSync.
inline constexpr const char* kGroupSyncNames[] = {"none", "data", "data-and-names"};
// For UpdateLock.
inline constexpr const char* kUpdateLockNames[] = {"everywhere", "local", "machine", "none"};
// For Status::Reason.
inline constexpr const char* kReasonNames[] = {
    "system",       "not-a-file",   "not-a-symlink", "not-a-directory", "mount-point",
    "foreign-link", "foreign-file", "wrong-target",  "not-durable",     "unsupported",
    "no-lock",      "changed",      "cannot-keep",   "same-path",       "cancelled"};

// The properties of the objects.
inline constexpr const char* kOutcomeNames[] = {"published",  "replaced", "protocol",
                                                "durability", "bytes",    "stages"};
inline constexpr const char* kFailureNames[] = {"published", "reason", "errno", "syscall",
                                                "path",      "dest",   "stages"};
inline constexpr const char* kPlanRequestNames[] = {"major",      "minor", "mountId",
                                                    "generation", "syncs", "directory"};
inline constexpr const char* kPlanNames[] = {"protocol", "achieves", "unnamed", "pinsReplaced"};
inline constexpr const char* kDecisionNames[] = {
    "plans",          "inMemory",           "local",       "updateLock",  "syncfs", "groupSyncfs",
    "reportsOnClose", "directorySyncWaits", "learnsAfter", "ofMountAlone"};

// All of it as JSON, equal to `WIRE` of src/addon/wire.ts. Building an object would need ten times the code.
std::string Description();

}  // namespace indelible::wire

#endif  // INDELIBLE_WIRE_H_
