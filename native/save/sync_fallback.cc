#include "sync_fallback.h"

#include <errno.h>

#include <utility>

namespace indelible {

namespace {

template <typename Subject>
struct Rung {
  Status (*sync)(const Subject& subject);
  Reach reach;
};

template <typename Subject, size_t kRungs>
Status Climb(const Rung<Subject> (&rungs)[kRungs], const Subject& subject, Reach* reach) {
  Status refused = Status::Failed("fsync", ENOSYS);
  for (const Rung<Subject>& rung : rungs) {
    Status status = rung.sync(subject);
    if (status.ok()) *reach = rung.reach;
    if (status.ok() || !platform::IsUnsupported(status.error())) return status;
    // What the strongest call has to say, rather than that a weaker one does not exist.
    if (refused.error() == ENOSYS) refused = std::move(status);
  }
  return refused;
}

}  // namespace

Status SyncFile(const platform::Descriptor& file, Reach* reach) {
  static constexpr Rung<platform::Descriptor> kRungs[] = {
      {platform::SyncBarrier, Reach::kOrdered},
      {platform::SyncData, Reach::kStable},
      {platform::HandOver, Reach::kHandedOver},
  };
  return Climb(kRungs, file, reach);
}

Status SyncNames(const platform::Directory& directory, Reach* reach) {
  static constexpr Rung<platform::Directory> kRungs[] = {
      {platform::SyncDirectory, Reach::kStable},
      {platform::HandOverDirectory, Reach::kHandedOver},
  };
  return Climb(kRungs, directory, reach);
}

}  // namespace indelible
