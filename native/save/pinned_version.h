#ifndef INDELIBLE_PINNED_VERSION_H_
#define INDELIBLE_PINNED_VERSION_H_

#include <string>

#include "../platform/platform.h"
#include "temporary_name.h"

namespace indelible {

// A second name for the version that is about to be replaced, so that its inode and blocks stay allocated
// until the name of the new version is on disk (Plan::pin_replaced). It is a link, not an exchange of the two
// versions: if the target has become something that must not be replaced, the rename has to fail.
class PinnedVersion {
 public:
  // The directory must outlive it.
  PinnedVersion(const platform::Directory& directory, TemporaryKind kind)
      : directory_(directory), kind_(kind) {}
  PinnedVersion(const PinnedVersion&) = delete;
  PinnedVersion& operator=(const PinnedVersion&) = delete;
  // Removes the second name unless Release has done so.
  ~PinnedVersion();

  // `*safe`: a crash during the save cannot lose the version. It is false where the version may not be
  // pinned: links are forbidden here, or the process may not make or not remove one. Other failures are
  // errors.
  Status Pin(const std::string& name, bool* safe);
  Status Release();

 private:
  bool MayRemove(const std::string& name) const;

  const platform::Directory& directory_;
  const TemporaryKind kind_;
  // Empty if no version is pinned.
  std::string pinned_;
};

}  // namespace indelible

#endif  // INDELIBLE_PINNED_VERSION_H_
