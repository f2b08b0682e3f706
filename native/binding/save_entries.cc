#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "environment.h"
#include "module.h"
#include "process.h"
#include "wire.h"

namespace indelible {

namespace {

using Form = Environment::Form;

constexpr uint32_t kHighestMode = 07777;

// A number from issueTicket. `must_be_free`: it must not be in use.
uint64_t TicketArgument(Environment& environment, Arguments* arguments, bool must_be_free) {
  const uint64_t ticket = arguments->Uint53("ticket");
  if (!arguments->ok()) return 0;
  if (!Process::Get().HasIssued(ticket)) arguments->ThrowRange("ticket", "a number from issueTicket");
  if (must_be_free && !environment.IsFree(ticket))
    arguments->ThrowRange("ticket", "a ticket that is not in use");
  return ticket;
}

// In the order of wire::RequestField.
SaveArguments ReadSave(Environment& environment, Arguments* arguments) {
  SaveArguments save;
  SaveRequest& request = save.request;
  request.path = arguments->Path("path");
  const Bytes data = arguments->Uint8Array("data");
  request.data = data.data;
  request.size = data.size;
  save.data = data.owner;
  request.plan = static_cast<PlanChoice>(arguments->Uint32("choice", kPlanChoices - 1));
  const uint32_t flags = arguments->Uint32("flags", wire::kAllFlags);
  request.exclusive = (flags & wire::kExclusive) != 0;
  request.follow_symlinks = (flags & wire::kFollowSymlinks) != 0;
  request.make_directories = (flags & wire::kMakeDirectories) != 0;
  request.preserve_mode = (flags & wire::kPreserveMode) != 0;
  request.preserve_owner = (flags & wire::kPreserveOwner) != 0;
  request.preserve_attributes = (flags & wire::kPreserveAttributes) != 0;
  request.strict = (flags & wire::kStrict) != 0;
  request.has_mode = (flags & wire::kHasMode) != 0;
  request.has_uid = (flags & wire::kHasUid) != 0;
  request.has_gid = (flags & wire::kHasGid) != 0;
  request.owner_required = (flags & wire::kOwnerRequired) != 0;
  request.timed = (flags & wire::kTimed) != 0;
  request.only_if_writable = (flags & wire::kOnlyIfWritable) != 0;
  save.uses_default_plan = (flags & wire::kUsesDefaultPlan) != 0;
  save.among_many = (flags & wire::kAmongMany) != 0;
  request.mode = arguments->Uint32("mode", kHighestMode);
  request.create_mode = arguments->Uint32("createMode", kHighestMode);
  request.uid = arguments->Uint32("uid");
  request.gid = arguments->Uint32("gid");
  request.previous = arguments->OptionalPath("previous");
  request.base = Arguments::BaseOf(request.path);
  if (request.base == nullptr) request.base = Arguments::BaseOf(request.previous);
  const std::shared_ptr<OpenFile> expected = arguments->OptionalFile("expected");
  if (expected != nullptr) {
    request.expected = std::shared_ptr<const platform::FileVersion>(expected, &expected->version);
  } else if ((flags & wire::kExpectsMissing) != 0) {
    request.expected = std::make_shared<const platform::FileVersion>();
  }
  save.temporary = arguments->OptionalTemporary("temporary");
  if (!arguments->SkipZero()) save.ticket = TicketArgument(environment, arguments, false);
  return save;
}

Napi::Value Save(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  SaveArguments save = ReadSave(environment, &arguments);
  if (save.ticket != 0 && !environment.IsFree(save.ticket))
    arguments.ThrowRange("ticket", "a ticket that is not in use");
  if (!arguments.ok()) return Napi::Value();
  return environment.Save(info.Env(), std::move(save));
}

// The arguments of one save, or of several in a row: one outcome, or all of them.
template <bool group>
Napi::Value SaveSync(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  std::vector<SaveArguments> saves;
  do saves.push_back(ReadSave(environment, &arguments));
  while (group && arguments.ok() && arguments.left() > 0);
  if (!arguments.ok()) return Napi::Value();
  return environment.SaveSync(info.Env(), std::move(saves), group);
}

Napi::Value OpenSave(const Napi::CallbackInfo& info, Form form) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  SaveArguments save = ReadSave(environment, &arguments);
  if (arguments.ok() && save.ticket == 0) arguments.ThrowRange("ticket", "a number from issueTicket");
  // A save that needed a plan is opened again with the same ticket.
  const std::shared_ptr<Environment::StreamingSave> begun = environment.Streaming(save.ticket);
  if (arguments.ok() && !environment.IsFree(save.ticket) && (begun == nullptr || begun->job->opened()))
    arguments.ThrowRange("ticket", "a ticket that is not in use");
  if (!arguments.ok()) return Napi::Value();
  return environment.OpenSave(info.Env(), std::move(save), form);
}

// The streaming save of the ticket. Null, with an exception thrown, if there is none in the required state.
std::shared_ptr<Environment::StreamingSave> StreamingArgument(Environment& environment, Arguments* arguments,
                                                              bool must_be_open, uint64_t* ticket) {
  *ticket = TicketArgument(environment, arguments, false);
  const std::shared_ptr<Environment::StreamingSave> save = environment.Streaming(*ticket);
  const bool usable = save != nullptr && (save->job->opened() || !must_be_open);
  if (!usable) arguments->ThrowRange("ticket", "the ticket of a streaming save without a call in progress");
  return usable ? save : nullptr;
}

// (ticket, data): 0 or a failure.
Napi::Value AppendToSave(const Napi::CallbackInfo& info, Form form) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  uint64_t ticket = 0;
  std::shared_ptr<Environment::StreamingSave> save =
      StreamingArgument(environment, &arguments, true, &ticket);
  const Bytes data = arguments.Uint8Array("data");
  if (!arguments.ok()) return Napi::Value();
  return environment.AppendToSave(info.Env(), std::move(save), data.owner, data.data, data.size, form);
}

// (ticket): the outcome. The synchronous form may return the plans to provide first.
Napi::Value FinishSave(const Napi::CallbackInfo& info, Form form) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  uint64_t ticket = 0;
  std::shared_ptr<Environment::StreamingSave> save =
      StreamingArgument(environment, &arguments, true, &ticket);
  if (!arguments.ok()) return Napi::Value();
  return environment.FinishSave(info.Env(), ticket, std::move(save), form);
}

// (ticket): the time in each stage, or undefined.
Napi::Value AbandonSave(const Napi::CallbackInfo& info, Form form) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  uint64_t ticket = 0;
  std::shared_ptr<Environment::StreamingSave> save =
      StreamingArgument(environment, &arguments, false, &ticket);
  if (!arguments.ok()) return Napi::Value();
  return environment.AbandonSave(info.Env(), ticket, std::move(save), form);
}

Napi::Value IssueTicket(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(Process::Get().NextNumber()));
}

// (ticket): whether it is certain that the save publishes nothing.
Napi::Value Cancel(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  const uint64_t ticket = TicketArgument(environment, &arguments, false);
  if (!arguments.ok()) return Napi::Value();
  return Napi::Boolean::New(info.Env(), environment.Cancel(ticket));
}

// (ticket). Does nothing for a completed call.
Napi::Value Unref(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  const uint64_t ticket = TicketArgument(environment, &arguments, false);
  if (!arguments.ok()) return Napi::Value();
  environment.Unref(info.Env(), ticket);
  return info.Env().Undefined();
}

Napi::Value TakeBack(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env()).TakeBack(std::chrono::steady_clock::now() + Process::kEndTimeout);
  return info.Env().Undefined();
}

// (function that takes a plan request and returns a decision)
Napi::Value SetPlanProvider(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const Napi::Function provider = arguments.Function("provider");
  if (!arguments.ok()) return Napi::Value();
  Environment::Of(info.Env()).SetPlanProvider(provider);
  return info.Env().Undefined();
}

// (plan request, decision)
Napi::Value ProvidePlan(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  PlanRequest request;
  Decision decision;
  if (!ReadPlanRequest(info[0], &request)) {
    arguments.ThrowType("request", "a plan request");
  } else if (!ReadDecision(info[1], &decision)) {
    arguments.ThrowType("decision", "a decision");
  }
  if (!arguments.ok()) return Napi::Value();
  Process::Get().scheduler.ProvidePlan(request.filesystem, request.generation, decision);
  return info.Env().Undefined();
}

// (ticket, path): undefined if it is the update's turn, or a promise of that.
Napi::Value JoinUpdates(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  const uint64_t ticket = TicketArgument(environment, &arguments, true);
  const std::string path = arguments.Path("path");
  if (!arguments.ok()) return Napi::Value();
  return environment.JoinUpdates(info.Env(), ticket, path);
}

// (ticket)
Napi::Value LeaveUpdates(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info.Env());
  Arguments arguments(info);
  const uint64_t ticket = TicketArgument(environment, &arguments, false);
  if (arguments.ok() && !environment.LeaveUpdates(info.Env(), ticket))
    arguments.ThrowRange("ticket", "the ticket of an update");
  return arguments.ok() ? info.Env().Undefined() : Napi::Value();
}

// (ticket, holds)
Napi::Value HoldUpdate(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const uint64_t ticket = TicketArgument(Environment::Of(info.Env()), &arguments, false);
  const bool holds = arguments.Boolean("holds");
  if (arguments.ok() && !Process::Get().updates.Hold(ticket, holds))
    arguments.ThrowRange("ticket", "the ticket of an update");
  return arguments.ok() ? info.Env().Undefined() : Napi::Value();
}

// (ticket): for how many milliseconds it has waited.
Napi::Value UpdateWaited(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const uint64_t ticket = TicketArgument(Environment::Of(info.Env()), &arguments, false);
  std::chrono::milliseconds waited(0);
  if (arguments.ok() && !Process::Get().updates.Waited(ticket, &waited))
    arguments.ThrowRange("ticket", "the ticket of an update");
  return arguments.ok() ? Napi::Number::New(info.Env(), static_cast<double>(waited.count())) : Napi::Value();
}

// (path): whether this thread has an update of the path.
Napi::Value HasUpdates(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string path = arguments.Path("path");
  if (!arguments.ok()) return Napi::Value();
  return Napi::Boolean::New(info.Env(), Process::Get().updates.HasOwn(path));
}

}  // namespace

void ExportSaves(Napi::Env env, Napi::Object exports) {
  Export(env, exports, "save", Save);
  Export(env, exports, "saveSync", SaveSync<false>);
  Export(env, exports, "saveGroupSync", SaveSync<true>);
  ExportForms(env, exports, "openSave", OpenSave);
  ExportForms(env, exports, "appendToSave", AppendToSave);
  ExportForms(env, exports, "finishSave", FinishSave);
  ExportForms(env, exports, "abandonSave", AbandonSave);
  Export(env, exports, "issueTicket", IssueTicket);
  Export(env, exports, "cancel", Cancel);
  Export(env, exports, "unref", Unref);
  Export(env, exports, "takeBack", TakeBack);
  Export(env, exports, "setPlanProvider", SetPlanProvider);
  Export(env, exports, "providePlan", ProvidePlan);
  Export(env, exports, "joinUpdates", JoinUpdates);
  Export(env, exports, "leaveUpdates", LeaveUpdates);
  Export(env, exports, "holdUpdate", HoldUpdate);
  Export(env, exports, "updateWaited", UpdateWaited);
  Export(env, exports, "hasUpdates", HasUpdates);
}

}  // namespace indelible
