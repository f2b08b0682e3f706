#include "rename_retry.h"

#include <errno.h>

#include <algorithm>
#include <chrono>

namespace indelible {

namespace {

using platform::Directory;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause(1);
constexpr milliseconds kLongestPause(250);
constexpr milliseconds kLongestWait(2000);

template <typename Call>
Status RetryWhileBusy(const Call& call) {
  Status status = call();
  milliseconds pause = kFirstPause;
  // What is counted is what was waited for, so that a slow call costs no attempts.
  for (milliseconds waited(0);
       !status.ok() && platform::MayBeInUse(status.error()) && waited < kLongestWait;) {
    pause = std::min(pause, kLongestWait - waited);
    platform::Pause(pause);
    waited += pause;
    pause = std::min(pause * 2, kLongestPause);
    status = call();
  }
  return status;
}

// Where there is no older call, what the first one says counts.
template <typename Call, typename Older>
Status OrOlder(const Call& call, const Older& older) {
  return RetryWhileBusy([&] {
    Status status = call();
    if (status.ok() || !platform::IsUnsupported(status.error())) return status;
    Status second = older();
    return !second.ok() && second.error() == ENOSYS ? std::move(status) : std::move(second);
  });
}

}  // namespace

Status RenameReplacing(const Directory& from_directory, const std::string& from,
                       const Directory& to_directory, const std::string& to) {
  return OrOlder([&] { return platform::Rename(from_directory, from, to_directory, to); },
                 [&] { return platform::RenameClassic(from_directory, from, to_directory, to, true); });
}

Status RenameReplacing(const Directory& directory, const std::string& from, const std::string& to) {
  return RenameReplacing(directory, from, directory, to);
}

Status RenameToFree(const Directory& from_directory, const std::string& from, const Directory& to_directory,
                    const std::string& to) {
  return OrOlder([&] { return platform::RenameExclusive(from_directory, from, to_directory, to); },
                 [&] { return platform::RenameClassic(from_directory, from, to_directory, to, false); });
}

Status RemoveName(const Directory& directory, const std::string& name) {
  return RetryWhileBusy([&] { return platform::Unlink(directory, name); });
}

}  // namespace indelible
