#ifndef INDELIBLE_TARGET_H_
#define INDELIBLE_TARGET_H_

#include <string>
#include <vector>

#include "../platform/platform.h"
#include "save_request.h"

namespace indelible {

// Where a save goes: an open directory and a name in it, with what stands there now.
struct Target {
  platform::Directory directory;
  platform::Identity identity;
  std::string name;
  platform::Entry existing;
  // Parents that are still to be made, from the outermost on; `directory` is where the first of them goes.
  std::vector<std::string> missing;
  // Directories that hold the names of parents which are not durable yet: synced with the file's own.
  std::vector<platform::Directory> extended;
  // Those parents.
  std::vector<platform::Identity> unsynced;
};

// Finds the target of a request: opens its directory, follows symbolic links (if asked), and refuses what
// must not be replaced: directories, devices, FIFOs, sockets, mount points. It changes nothing: where
// directories have to be made first, it finds the nearest one that exists.
Status ResolveTarget(const SaveRequest& request, Target* target);

// What stands under the target's name at this moment, refusing as ResolveTarget does.
Status InspectTarget(const SaveRequest& request, const Target& target, platform::Entry* entry);

}  // namespace indelible

#endif  // INDELIBLE_TARGET_H_
