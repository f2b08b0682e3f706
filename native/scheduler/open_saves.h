#ifndef INDELIBLE_OPEN_SAVES_H_
#define INDELIBLE_OPEN_SAVES_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "save_engine.h"

namespace indelible {

// Saves whose data arrives in pieces, from their opening until they are submitted to the engine. Each call
// runs on the caller's thread and holds it only for its own system calls: between two pieces a save has a
// temporary and two descriptors, and no thread. The calls for one save come one after the other.
class OpenSaves {
 public:
  explicit OpenSaves(SaveEngine* engine) : engine_(engine) {}
  OpenSaves(const OpenSaves&) = delete;
  OpenSaves& operator=(const OpenSaves&) = delete;

  // kUndecided: the listener has been told which filesystem has to be decided about; then again.
  SaveJob::Prepared Open(const std::shared_ptr<SaveJob>& job);
  Status Append(SaveJob* job, const uint8_t* data, size_t size);
  // Removes what has been written.
  void Abandon(SaveJob* job);

  // When the process exits, after the engine has shut down: no save's temporary is left behind, whether it
  // was still open or had been submitted and never started.
  void ShutDown();

 private:
  bool Begin();
  void End();

  SaveEngine* const engine_;
  std::mutex mutex_;
  // Signalled when no call is under way.
  std::condition_variable idle_;
  size_t busy_ = 0;
  std::vector<std::weak_ptr<SaveJob>> jobs_;
};

}  // namespace indelible

#endif  // INDELIBLE_OPEN_SAVES_H_
