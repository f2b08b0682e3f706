#ifndef INDELIBLE_PINNED_VERSION_H_
#define INDELIBLE_PINNED_VERSION_H_

#include <string>

#include "../platform/platform.h"

namespace indelible {

// A second name for what is about to be replaced, so that its inode and blocks stay its own until the new
// version's name is on disk (Plan::pin_replaced). A link, and not an exchange of the two: should something
// else stand there by then, the rename has to refuse it.
class PinnedVersion {
 public:
  // The directory must outlive it.
  explicit PinnedVersion(const platform::Directory& directory) : directory_(directory) {}
  PinnedVersion(const PinnedVersion&) = delete;
  PinnedVersion& operator=(const PinnedVersion&) = delete;
  // Takes the name away, unless Release has.
  ~PinnedVersion();

  // What cannot be held is replaced all the same: only a crash could tell. `own` is the second name, or empty
  // for one of the class's choice.
  void Pin(const std::string& name, std::string own = std::string());
  Status Release();

 private:
  bool MayBeRemoved(const std::string& name) const;

  const platform::Directory& directory_;
  // Empty where nothing is held.
  std::string pinned_;
};

}  // namespace indelible

#endif  // INDELIBLE_PINNED_VERSION_H_
