#include "pinned_version.h"

#include <errno.h>

#include <utility>

#include "rename_retry.h"
#include "temporary_name.h"

namespace indelible {

namespace {

// S_ISVTX (inode(7)).
constexpr uint32_t kSticky = 01000;

}  // namespace

PinnedVersion::~PinnedVersion() {
  // What failed before has been reported; what remains is left to a sweep.
  static_cast<void>(Release().ok());
}

void PinnedVersion::Pin(const std::string& name, std::string own) {
  if (!MayBeRemoved(name) || (own.empty() && !TemporaryName(&own).ok())) return;
  // EPERM: another's file, with fs.protected_hardlinks (proc(5)), or a directory by now. EMLINK: it has
  // enough names to outlive this one.
  if (platform::Link(directory_, name, directory_, own).ok()) pinned_ = std::move(own);
}

// In a sticky directory other people's files may be linked, but neither renamed nor removed (unlink(2),
// EPERM).
bool PinnedVersion::MayBeRemoved(const std::string& name) const {
  platform::Entry directory;
  platform::Entry found;
  if (!platform::LookUp(directory_, ".", &directory).ok()) return false;
  if ((directory.attributes.mode & kSticky) == 0) return true;
  const uint32_t user = platform::EffectiveUser();
  return user == 0 || user == directory.attributes.uid ||
         (platform::LookUp(directory_, name, &found).ok() && user == found.attributes.uid);
}

Status PinnedVersion::Release() {
  const std::string held = std::exchange(pinned_, std::string());
  if (held.empty()) return Status::Ok();
  Status status = RemoveName(directory_, held);
  // A sweep may have been faster.
  return status.ok() || status.error() == ENOENT ? Status::Ok()
                                                 : std::move(status).On(directory_.path + "/" + held);
}

}  // namespace indelible
