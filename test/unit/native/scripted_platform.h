#ifndef INDELIBLE_TEST_UNIT_NATIVE_SCRIPTED_PLATFORM_H_
#define INDELIBLE_TEST_UNIT_NATIVE_SCRIPTED_PLATFORM_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

// A system that does what a test tells it to: platform.h, with each call's answers taken from a script. It
// has two filesystems: what is below /other has the device number 1, all the rest 0.
namespace scripted {

struct Script {
  // The error numbers that the calls of a function give, one after the other; then 0, or what `always` has.
  std::map<std::string, std::deque<int>> answers;
  std::map<std::string, int> always;
  // Whether this system says of EBUSY and EPERM that they may pass, and that open files block renames.
  bool windows = false;
  // Whether threads can be had.
  bool threads = false;
  // Offsets that other open descriptions have locked in a directory.
  std::set<uint64_t> locks;
  // Of the mount table.
  uint64_t generation = 0;

  // The functions that were called, in order, with the arguments that matter.
  std::vector<std::string> calls;
  std::vector<std::chrono::milliseconds> pauses;

  bool Called(const std::string& call) const;
  size_t TimesCalled(const std::string& call) const;
  // Where the call comes in the order; the number of calls if it was not made.
  size_t PlaceOf(const std::string& call) const;
};

// The script of the test that is running. A test with threads looks at it when they are done.
extern Script script;

}  // namespace scripted

#endif  // INDELIBLE_TEST_UNIT_NATIVE_SCRIPTED_PLATFORM_H_
