#ifndef INDELIBLE_TARGET_H_
#define INDELIBLE_TARGET_H_

#include <string>
#include <vector>

#include "platform/platform.h"
#include "save_request.h"

namespace indelible {

// Where a save goes: an open directory and a name in it, with what stands there now.
struct Target {
  platform::Directory directory;
  platform::Identity identity;
  std::string name;
  platform::Entry existing;
  // Directories in which a missing parent was made: their new names are synced with the file's.
  std::vector<platform::Directory> extended;
};

// Finds the target of a request: opens its directory (making it if asked), follows symbolic links (if asked),
// and refuses what must not be replaced: directories, devices, FIFOs, sockets, mount points.
Status ResolveTarget(const SaveRequest& request, Target* target);

// What stands under the target's name at this moment, refusing as ResolveTarget does.
Status InspectTarget(const SaveRequest& request, const Target& target, platform::Entry* entry);

}  // namespace indelible

#endif  // INDELIBLE_TARGET_H_
