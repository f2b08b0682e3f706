#include "pinned_version.h"

#include <errno.h>

#include <utility>

#include "links.h"
#include "optional_calls.h"
#include "rename_retry.h"
#include "temporary_name.h"

namespace indelible {

PinnedVersion::~PinnedVersion() {
  // An earlier error has been reported. A name that remains is left to a sweep.
  static_cast<void>(Release().ok());
}

Status PinnedVersion::Pin(const std::string& name, bool* safe) {
  *safe = MayRemove(name);
  if (!*safe) return Status::Ok();
  std::string own;
  Status status = TemporaryName(kind_, &own);
  if (status.ok()) status = platform::Link(directory_, name, directory_, own);
  if (status.ok()) {
    pinned_ = std::move(own);
    return status;
  }
  // ENOENT: there is no version to lose any more. EMLINK: it has enough names to survive the loss of this
  // one. EXDEV: something is mounted there, and the rename will fail.
  const int error = status.error();
  if (error == ENOENT || error == EMLINK || error == EXDEV) return Status::Ok();
  // EPERM also: the file of another user, with fs.protected_hardlinks (proc(5)), or a directory by now.
  *safe = false;
  return MayBeUnavailable(OptionalCall::kLink, status) ? Status::Ok()
                                                       : std::move(status).On(directory_.PathOf(name));
}

// In a sticky directory a process may link the files of other users, but neither rename nor remove them
// (unlink(2), EPERM).
bool PinnedVersion::MayRemove(const std::string& name) const {
  platform::Entry directory;
  platform::Entry existing;
  if (!platform::LookUp(directory_, ".", &directory).ok()) return false;
  if ((directory.attributes.mode & kStickyBit) == 0) return true;
  const uint32_t user = platform::EffectiveUser();
  return user == 0 || user == directory.attributes.uid ||
         (platform::LookUp(directory_, name, &existing).ok() && user == existing.attributes.uid);
}

Status PinnedVersion::Release() {
  const std::string pinned = std::exchange(pinned_, std::string());
  if (pinned.empty()) return Status::Ok();
  Status status = RemoveName(directory_, pinned);
  // ENOENT: a sweep has removed it.
  return status.ok() || status.error() == ENOENT ? Status::Ok()
                                                 : std::move(status).On(directory_.PathOf(pinned));
}

}  // namespace indelible
