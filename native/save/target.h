#ifndef INDELIBLE_TARGET_H_
#define INDELIBLE_TARGET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "../platform/platform.h"
#include "save_request.h"

namespace indelible {

// A path, split into a directory and the last component, which is looked up in it.
struct SplitPath {
  std::string directory;
  std::string name;
  // The path ends in a slash: it must be that of a directory.
  bool slash = false;

  static SplitPath Of(const std::string& path);
  // The last component can only be a directory.
  bool NamesDirectory() const { return name.empty() || name == "." || name == ".."; }
};

// A directory with entries that no sync has covered (UnsyncedDirectories).
struct UnsyncedParent {
  platform::Directory directory;
  platform::Identity identity;
  // The state in which it was found.
  uint64_t change = 0;
};

// The entry at the target of a save.
struct ExistingEntry : platform::Entry {
  // A file of another user (see links.h), which the caller allows to be replaced.
  bool foreign = false;

  // The file whose attributes the new version takes over.
  platform::Entry Preserved() const { return foreign ? Entry() : static_cast<const Entry&>(*this); }
};

// The target of a save: an open directory and a name in it, with the existing entry.
struct Target {
  platform::Directory directory;
  platform::Identity identity;
  std::string name;
  ExistingEntry existing;
  // Parent directories that have to be made, the outermost first. `directory` is where the first one is made.
  std::vector<std::string> missing;
  // They are synced with the target's own directory.
  std::vector<UnsyncedParent> unsynced_parents;
};

// Finds the target of a request: opens its directory, follows symbolic links (if requested), and fails for a
// target that must not be replaced: directories, devices, FIFOs, sockets, mount points, and what links.h does
// not trust. Changes nothing: if parent directories are missing, it finds the nearest one that exists.
Status ResolveTarget(const SaveRequest& request, Target* target);

// The same without waiting for anything, in two steps. First the directory, whatever filesystem it is on;
// false if that would take a wait, or a link is on the way.
bool OpenTargetCached(const SaveRequest& request, Target* target);
// The entry, once the directory is known to be in memory. False for anything but a small regular file, or
// none: freeing a large one takes time.
bool InspectTargetCached(const SaveRequest& request, Target* target);

// The current entry of the target. Fails as ResolveTarget does.
Status InspectTarget(const SaveRequest& request, const Target& target, ExistingEntry* entry);

// Only a file, a symbolic link or a missing entry may be replaced.
Status RefuseUnlessFile(const platform::Entry& entry);

}  // namespace indelible

#endif  // INDELIBLE_TARGET_H_
