#include "temporary_file.h"

#include <errno.h>

#include <utility>

namespace indelible {

TemporaryFile::Opened TemporaryFile::Open(const SaveRequest& request, PlanCache* plans, bool insist,
                                          Status* status) {
  *status = platform::OpenDirectory(nullptr, request.path, directory_.get());
  if (status->ok()) *status = platform::Identify(*directory_, &identity_);
  if (!status->ok()) return Opened::kFailed;
  Plan plan = Decision::Default().PlanFor(request.plan);
  Decision decision;
  if (plans->Find(filesystem(), &decision, &needed_)) {
    plan = decision.PlanFor(request.plan);
  } else if (!insist) {
    return Opened::kUndecided;
  }
  if (request.strict && plan.falls_short()) {
    *status = Status::Failed(Status::Reason::kNotDurable, "open", ENOTSUP);
    return Opened::kFailed;
  }
  *status = temporary_.Create(request, std::string(), platform::Entry(), plan.unnamed);
  return status->ok() ? Opened::kReady : Opened::kFailed;
}

}  // namespace indelible
