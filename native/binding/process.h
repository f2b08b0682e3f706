#ifndef INDELIBLE_PROCESS_H_
#define INDELIBLE_PROCESS_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "../scheduler/scheduler.h"
#include "../scheduler/streaming_saves.h"
#include "../scheduler/thread_pool.h"
#include "../scheduler/update_queue.h"

namespace indelible {

// The state of the process: the order of calls, decisions, results, threads and numbers. All environments
// share it (the main thread and its workers, and every copy of the JavaScript, which may have environments of
// its own in one thread). It is created on first use and never destroyed, because threads may outlive every
// destructor.
class Process {
 public:
  static Process& Get();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Numbers that identify objects to JavaScript. No number is issued twice, and 0 never.
  uint64_t NextNumber() { return ++last_number_; }
  bool HasIssued(uint64_t number) const { return number > 0 && number <= last_number_; }

  // How long the end of the process, or of an environment, waits for a filesystem that hangs. A temporary on
  // it may remain for the next sweep.
  static constexpr std::chrono::seconds kEndTimeout{5};

  ThreadPool threads;
  Scheduler scheduler{&threads};
  StreamingSaves streaming{&scheduler, &threads};
  UpdateQueue updates;

 private:
  Process();

  std::atomic<uint64_t> last_number_{0};
};

}  // namespace indelible

#endif  // INDELIBLE_PROCESS_H_
