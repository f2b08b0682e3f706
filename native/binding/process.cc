#include "process.h"

#include <cstddef>

#include "../platform/platform.h"

namespace indelible {

namespace {

// The number of threads that may wait in the kernel for stage 1 at once. Measured with 64 saves at once on a
// disk with a 5 ms flush (bench/development/concurrency.ts): 8, 16, 32 and 64 threads differ by less than the
// noise, 350 to 450 us a save on ext4. Saves to many disks, of which one may hang, need more threads rather
// than fewer.
constexpr size_t kMostThreads = 32;

}  // namespace

Process::Process() : threads(kMostThreads) {
  // The end of a worker unloads the addons that it has loaded, while idle threads still run this code.
  platform::StayLoaded();
}

Process& Process::Get() {
  static Process& process = *new Process();
  // process.exit() runs no cleanup hook of the main environment (node::ReallyExit), only the hooks of
  // exit(3). Without the hook a save in progress may leave its temporary to the next sweep, so a failure here
  // is not fatal.
  static const bool registered = platform::AtExit([] {
    const auto deadline = std::chrono::steady_clock::now() + kEndTimeout;
    Process::Get().scheduler.ShutDown(deadline);
    Process::Get().streaming.ShutDown(deadline);
  });
  static_cast<void>(registered);
  return process;
}

}  // namespace indelible
