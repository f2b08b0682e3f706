#ifndef INDELIBLE_TEST_UNIT_NATIVE_SCRIPTED_PLATFORM_H_
#define INDELIBLE_TEST_UNIT_NATIVE_SCRIPTED_PLATFORM_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

// A scripted system: platform.h, with the results of each call taken from a script. It has two filesystems:
// paths below /other have the device number 1, all others 0.
namespace scripted {

struct Script {
  // The error numbers that the calls of a function return one after another; then 0, or the one in `always`.
  std::map<std::string, std::deque<int>> answers;
  std::map<std::string, int> always;
  // What happens meanwhile, before a call of the function has an effect.
  std::map<std::string, std::function<void()>> meanwhile;
  // Whether EBUSY and EPERM may be temporary on this system, and open files block renames.
  bool windows = false;
  // Whether threads can be started.
  bool threads = false;
  // The offsets that other open file descriptions have locked in a directory.
  std::set<uint64_t> locks;
  // Which one is reported, if there are several.
  bool reports_lowest = false;
  // How many bytes of a file are left to be copied.
  size_t to_copy = 0;
  // What every name is: a symbolic link, or a file of this size.
  bool link = false;
  uint64_t size = 0;
  // The generation of the mount table.
  uint64_t generation = 0;
  // The description of every mount.
  std::string mount;

  // The calls in their order, with the arguments that matter.
  std::vector<std::string> calls;
  std::vector<std::chrono::milliseconds> pauses;
  // For each sync of a directory, whether it was known to wait.
  std::vector<bool> directory_syncs_wait;

  bool Called(const std::string& call) const;
  size_t TimesCalled(const std::string& call) const;
  // The index of the call, or the number of calls if it was not made.
  size_t IndexOf(const std::string& call) const;
};

// The script of the running test. A test with threads reads it after they have ended.
extern Script script;

}  // namespace scripted

#endif  // INDELIBLE_TEST_UNIT_NATIVE_SCRIPTED_PLATFORM_H_
