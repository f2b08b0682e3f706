#ifndef INDELIBLE_PARENT_PATH_H_
#define INDELIBLE_PARENT_PATH_H_

#include <string>
#include <string_view>

namespace indelible {

// The text of a path up to its last slash.
inline std::string_view ParentPath(const std::string& path) {
  return std::string_view(path).substr(0, path.rfind('/') + 1);
}

}  // namespace indelible

#endif  // INDELIBLE_PARENT_PATH_H_
