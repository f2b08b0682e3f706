#include "rename_retry.h"

#include <errno.h>

#include <algorithm>
#include <chrono>

namespace indelible {

namespace {

using platform::Directory;
using std::chrono::milliseconds;

constexpr milliseconds kFirstRetryPause(1);
constexpr milliseconds kLongestPause(250);
constexpr milliseconds kLongestWait(2000);

template <typename Call>
Status RetryWhileBusy(const Call& call) {
  Status status = call();
  milliseconds pause = kFirstRetryPause;
  // Counts the pauses, not the calls, so that a slow call does not reduce the number of retries.
  for (milliseconds waited(0);
       !status.ok() && platform::MayBeBusy(status.error()) && waited < kLongestWait;) {
    pause = std::min(pause, kLongestWait - waited);
    platform::Pause(pause);
    waited += pause;
    pause = std::min(pause * 2, kLongestPause);
    status = call();
  }
  return status;
}

// If the older call does not exist either, the first error is returned.
template <typename Call, typename Older>
Status WithOlderCall(const Call& call, const Older& older) {
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
  return WithOlderCall([&] { return platform::Rename(from_directory, from, to_directory, to); },
                       [&] { return platform::RenameClassic(from_directory, from, to_directory, to, true); });
}

Status RenameNoReplace(const Directory& from_directory, const std::string& from,
                       const Directory& to_directory, const std::string& to) {
  return WithOlderCall(
      [&] { return platform::RenameExclusive(from_directory, from, to_directory, to); },
      [&] { return platform::RenameClassic(from_directory, from, to_directory, to, false); });
}

Status RemoveName(const Directory& directory, const std::string& name) {
  return RetryWhileBusy([&] { return platform::Unlink(directory, name); });
}

}  // namespace indelible
