#ifndef INDELIBLE_PLACE_H_
#define INDELIBLE_PLACE_H_

#include <string>

#include "platform/platform.h"

namespace indelible {

// A name in an open directory, which need not lead to anything.
struct Place {
  const std::string* path = nullptr;
  platform::Directory directory;
  platform::Identity identity;
  // With a slash at its end where the path has one: the kernel then refuses anything but a directory.
  std::string name;

  Status Open(const std::string& given);
};

// Whether `place` leads into the directory `outer`. False where that cannot be told.
bool IsInside(const Place& place, const Place& outer);

}  // namespace indelible

#endif  // INDELIBLE_PLACE_H_
