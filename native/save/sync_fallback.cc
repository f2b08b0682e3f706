#include "sync_fallback.h"

#include <errno.h>

#include <utility>

namespace indelible {

namespace {

template <typename Subject>
struct Attempt {
  Status (*sync)(const Subject& subject);
  Reached reached;
};

template <typename Subject, size_t kCount>
Status TryInOrder(const Attempt<Subject> (&attempts)[kCount], const Subject& subject, Reached* reached) {
  Status refused = Status::Failed("fsync", ENOSYS);
  for (const Attempt<Subject>& attempt : attempts) {
    Status status = attempt.sync(subject);
    if (status.ok()) *reached = attempt.reached;
    if (status.ok() || !platform::IsUnsupported(status.error())) return status;
    // Returns the error of the strongest call that exists.
    if (refused.error() == ENOSYS) refused = std::move(status);
  }
  return refused;
}

}  // namespace

Status SyncFile(const platform::Descriptor& file, Reached* reached) {
  static constexpr Attempt<platform::Descriptor> kAttempts[] = {
      {platform::SyncBarrier, Reached::kOrdered},
      {platform::SyncData, Reached::kStable},
      {platform::SubmitFile, Reached::kSubmitted},
  };
  return TryInOrder(kAttempts, file, reached);
}

Status SyncEntries(const platform::Directory& directory, Reached* reached) {
  static constexpr Attempt<platform::Directory> kAttempts[] = {
      {platform::SyncDirectory, Reached::kStable},
      {platform::SubmitDirectory, Reached::kSubmitted},
  };
  return TryInOrder(kAttempts, directory, reached);
}

}  // namespace indelible
