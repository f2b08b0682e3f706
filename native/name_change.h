#ifndef INDELIBLE_NAME_CHANGE_H_
#define INDELIBLE_NAME_CHANGE_H_

#include <cstdint>
#include <string>

#include "base/status.h"
#include "save/plan_cache.h"
#include "save/save_request.h"

namespace indelible {

// One change of names, in one step, as the facade has resolved it. The paths' last components are never
// followed.
struct NameChangeRequest {
  enum class Kind : uint8_t {
    kExchange,         // `from` and `to` swap what stands under them.
    kRenameExclusive,  // `from` becomes `to`, which must be free.
    kReplaceSymlink,   // `to`, free or a symbolic link, becomes a link with the text `from`.
  };
  Kind kind = Kind::kExchange;
  std::string from;
  std::string to;
  // The name in `to`'s directory that a new link has until it is renamed.
  std::string temporary;
  // And the one that the old link keeps until the new one is synced, on a filesystem that needs that.
  std::string held;
  PlanChoice plan = PlanChoice::kDurable;
  bool strict = false;
  // Goes by the safe default where no decision about the filesystem has been made.
  bool insist = false;
};

struct NameChangeOutcome {
  Status status;
  // The step has been made; what failed came after it.
  bool published = false;
  // False where a directory cannot be synced.
  bool names_synced = true;
  // What the plan that was followed achieves.
  Durability achieves = Durability::kDurable;
  // Nothing has been done: this filesystem has to be decided about first, under this generation of the mount
  // table.
  bool undecided = false;
  PlanRequest needed;
};

// Makes the change and, where the plan says so, its names durable.
NameChangeOutcome ChangeNames(const NameChangeRequest& request, PlanCache* plans);

}  // namespace indelible

#endif  // INDELIBLE_NAME_CHANGE_H_
