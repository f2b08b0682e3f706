#ifndef INDELIBLE_OPTIONAL_CALLS_H_
#define INDELIBLE_OPTIONAL_CALLS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "../base/status.h"
#include "../platform/platform.h"
#include "plan.h"

namespace indelible {

// The system calls that a save can do without. A kernel may lack them, a filesystem may not have them, and a
// sandbox (seccomp, AppArmor) may forbid them. The table in optional_calls.cc says for each which errors mean
// that, and what is done instead.
enum class OptionalCall : uint8_t {
  kCreateUnnamed,
  kLinkUnnamed,
  kWriteBack,
  kRenameExclusive,
  kExchange,
  kLink,
  kFlags,
  kSyncFilesystem,
  kSyncDirectory,
  kClone,
  kCopyRange,
};

// The names in the table, in the order of the enumeration.
const std::vector<const char*>& OptionalCallNames();

// Whether this error of the call may mean that the call is not available. EPERM and EACCES may also mean that
// the process lacks permission. So what is done instead must fail in that case as well, and its error is the
// one to report.
bool MayBeUnavailable(OptionalCall call, const Status& status);

// The call has failed so, and what is done instead has worked: the call is not tried again on this
// filesystem, until the mount table changes. KeepUnavailable: nor after that, as the mount is still the same.
void SetUnavailable(const platform::FilesystemId& filesystem, OptionalCall call);
void KeepUnavailable(const platform::FilesystemId& filesystem, uint64_t generation);
bool IsUnavailable(const platform::FilesystemId& filesystem, OptionalCall call);

// For a call that nothing can replace. If it failed with EPERM or EACCES although it does not reach the
// filesystem at all, because a filter forbids it, the error becomes ENOSYS.
Status ExplainDenial(OptionalCall call, Status status);

// The decision without the steps that are not available on the filesystem.
void RemoveUnavailable(const platform::FilesystemId& filesystem, Decision* decision);

// The names, in the table, of the calls that are known to be unavailable on the filesystem, and of those that
// a filter forbids.
std::vector<const char*> UnavailableCalls(const platform::FilesystemId& filesystem);

}  // namespace indelible

#endif  // INDELIBLE_OPTIONAL_CALLS_H_
