#ifndef INDELIBLE_DIRECTORY_REPLACEMENT_H_
#define INDELIBLE_DIRECTORY_REPLACEMENT_H_

#include <string>

#include "name_change.h"
#include "save/plan_cache.h"
#include "save/save_request.h"

namespace indelible {

// One swap of a whole directory for another, as the facade has resolved it. The last components are never
// followed.
struct DirectoryReplacementRequest {
  std::string staged;
  std::string path;
  // Where the old tree is kept; empty if it is to be removed.
  std::string previous;
  PlanChoice plan = PlanChoice::kDurable;
  bool strict = false;
  // Goes by the safe default where no decision about the filesystem has been made.
  bool insist = false;
};

struct DirectoryReplacementOutcome : NameChangeOutcome {
  // A directory stood under the path.
  bool replaced = false;
};

// Makes the staged tree durable, swaps it in with one exchange, makes the names durable, and moves the old
// tree to where it is kept, or removes it. From the exchange on the old tree stands, whole, under the staged
// path, until it is kept, or is renamed to `.indelible-tree-` and random characters in the same directory;
// only under such a name is a tree ever found that is not whole.
DirectoryReplacementOutcome ReplaceDirectory(const DirectoryReplacementRequest& request,
                                             PlanCache* plans);

}  // namespace indelible

#endif  // INDELIBLE_DIRECTORY_REPLACEMENT_H_
