#ifndef INDELIBLE_SPLIT_PATH_H_
#define INDELIBLE_SPLIT_PATH_H_

#include <string>

namespace indelible {

// A path as the directory that its last component is looked up in, and that component.
struct SplitPath {
  std::string directory;
  std::string name;
  // The path ended in a slash: it asks for a directory.
  bool slash = false;

  static SplitPath Of(const std::string& path);
  // The last component can name nothing but a directory.
  bool NamesDirectory() const { return name.empty() || name == "." || name == ".."; }
};

}  // namespace indelible

#endif  // INDELIBLE_SPLIT_PATH_H_
