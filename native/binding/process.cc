#include "process.h"

#include <cstddef>

#include "../platform/platform.h"

namespace indelible {

namespace {

// As many stage-1 threads as may wait in the kernel at once. Measured with 64 saves at once on a disk with a
// 5 ms flush (bench/concurrency.ts): 8, 16, 32 and 64 threads differ by less than the noise, 350 to 450 us a
// save on ext4; the saves of many disks, of which one may hang, want more rather than fewer.
constexpr size_t kMostThreads = 32;

}  // namespace

Process::Process() : threads(kMostThreads) {
  // A worker's end unloads what it has loaded, and the idle threads still run it.
  platform::StayLoaded();
}

Process& Process::Get() {
  static Process& process = *new Process();
  // process.exit() runs no cleanup hook of the main environment (node::ReallyExit), only exit(3)'s. Without
  // it a save that is under way then may leave its temporary to the next sweep, which is no reason to fail.
  static const bool registered = platform::AtExit([] {
    Process::Get().scheduler.ShutDown();
    Process::Get().streaming.ShutDown();
  });
  static_cast<void>(registered);
  return process;
}

}  // namespace indelible
