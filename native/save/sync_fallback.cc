#include "sync_fallback.h"

#include <errno.h>

#include <utility>

namespace indelible {

namespace {

template <typename Subject>
struct Attempt {
  Status (*sync)(const Subject& subject);
  SyncDurability durability;
};

template <typename Subject, size_t kAttempts>
Status TryInOrder(const Attempt<Subject> (&attempts)[kAttempts], const Subject& subject,
                  SyncDurability* durability) {
  Status refused = Status::Failed("fsync", ENOSYS);
  for (const Attempt<Subject>& attempt : attempts) {
    Status status = attempt.sync(subject);
    if (status.ok()) *durability = attempt.durability;
    if (status.ok() || !platform::IsUnsupported(status.error())) return status;
    // What the strongest call has to say, rather than that a weaker one does not exist.
    if (refused.error() == ENOSYS) refused = std::move(status);
  }
  return refused;
}

}  // namespace

Status SyncFile(const platform::Descriptor& file, SyncDurability* durability) {
  static constexpr Attempt<platform::Descriptor> kAttempts[] = {
      {platform::SyncBarrier, SyncDurability::kOrdered},
      {platform::SyncData, SyncDurability::kStable},
      {platform::SubmitData, SyncDurability::kSubmitted},
  };
  return TryInOrder(kAttempts, file, durability);
}

Status SyncNames(const platform::Directory& directory, SyncDurability* durability) {
  static constexpr Attempt<platform::Directory> kAttempts[] = {
      {platform::SyncDirectory, SyncDurability::kStable},
      {platform::SubmitDirectory, SyncDurability::kSubmitted},
  };
  return TryInOrder(kAttempts, directory, durability);
}

}  // namespace indelible
