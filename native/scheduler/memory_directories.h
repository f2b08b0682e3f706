#ifndef INDELIBLE_MEMORY_DIRECTORIES_H_
#define INDELIBLE_MEMORY_DIRECTORIES_H_

#include <set>
#include <string>

namespace indelible {

// The directories that the latest saves into them found on a filesystem in memory (tmpfs), by the path that
// the caller used. Only a hint about how many threads are worth while: the path may lead elsewhere by now.
class MemoryDirectories {
 public:
  bool HasParentOf(const std::string& path) const { return known_.count(ParentOf(path)) > 0; }
  void Learn(const std::string& path, bool in_memory);

 private:
  // The text up to the last slash.
  static std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

  std::set<std::string> known_;
};

}  // namespace indelible

#endif  // INDELIBLE_MEMORY_DIRECTORIES_H_
