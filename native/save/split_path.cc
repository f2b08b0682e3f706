#include "split_path.h"

namespace indelible {

SplitPath SplitPath::Of(const std::string& path) {
  SplitPath split;
  size_t end = path.size();
  while (end > 0 && path[end - 1] == '/') --end;
  split.slash = end < path.size();
  const size_t slash = path.find_last_of('/', end == 0 ? 0 : end - 1);
  if (end == 0) {
    split.directory = "/";
  } else if (slash == std::string::npos || slash >= end) {
    split.directory = ".";
    split.name = path.substr(0, end);
  } else {
    split.directory = slash == 0 ? "/" : path.substr(0, slash);
    split.name = path.substr(slash + 1, end - slash - 1);
  }
  return split;
}

}  // namespace indelible
