#include "place.h"

#include <errno.h>

#include <utility>

#include "save/split_path.h"

namespace indelible {

using platform::Directory;
using platform::Entry;
using platform::Identity;

Status Place::Open(const std::string& given) {
  path = &given;
  if (given.empty()) return Status::Failed("open", ENOENT);
  const SplitPath split = SplitPath::Of(given);
  Status status = platform::OpenDirectory(nullptr, split.directory, &directory);
  if (status.ok()) status = platform::Identify(directory, &identity);
  if (!status.ok()) return std::move(status).On(given);
  // The root is in no directory: `.` lets the kernel say that it cannot be renamed.
  name = split.name.empty() ? "." : split.name;
  // It asks for a directory, and the kernel refuses anything else.
  if (split.slash) name += '/';
  return Status::Ok();
}

bool IsInside(const Place& place, const Place& outer) {
  Entry entry;
  if (!platform::LookUp(outer.directory, outer.name, &entry).ok() || entry.kind != Entry::Kind::kDirectory)
    return false;
  Directory above;
  Identity wanted;
  if (!platform::OpenDirectory(&outer.directory, outer.name, &above).ok() ||
      !platform::Identify(above, &wanted).ok())
    return false;
  if (!platform::OpenDirectory(&place.directory, ".", &above).ok()) return false;
  Identity last;
  for (;;) {
    Identity identity;
    if (!platform::Identify(above, &identity).ok()) return false;
    if (platform::SameFile(identity, wanted)) return true;
    // The root is its own parent.
    if (platform::SameFile(identity, last)) return false;
    last = identity;
    Directory parent;
    if (!platform::OpenDirectory(&above, "..", &parent).ok()) return false;
    above = std::move(parent);
  }
}

}  // namespace indelible
