#include <napi.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../temporary_file_binding.h"
#include "../update_binding.h"
#include "arguments.h"
#include "environment.h"
#include "function_export.h"
#include "primitives_binding.h"
#include "save_request_argument.h"
#include "system_calls.h"

namespace indelible {

namespace {

using Form = Environment::Form;

// The bits of the `flags` argument, exported to JavaScript under these names. The lowest three are the plan's
// index.
constexpr uint32_t kPlanMask = 7;
constexpr uint32_t kExclusive = 8;
constexpr uint32_t kFollowSymlinks = 16;
constexpr uint32_t kMakeDirectories = 32;
constexpr uint32_t kPreservePermissions = 64;
constexpr uint32_t kStrict = 128;
constexpr uint32_t kHasMode = 256;
constexpr uint32_t kHasOwner = 512;
constexpr uint32_t kPreserveAll = 1024;
constexpr uint32_t kTimed = 2048;
constexpr uint32_t kKeepPrevious = 4096;

// The bits of one plan, as `decide` gets them.
// The lowest two are what it achieves.
constexpr uint32_t kAchieves = 3;
constexpr uint32_t kSyncData = 256;
constexpr uint32_t kUnnamed = 4;
constexpr uint32_t kCloseMayFail = 16;
constexpr uint32_t kWriteBack = 32;
constexpr uint32_t kHoldReplaced = 64;
constexpr uint32_t kSyncFilesystem = 128;

}  // namespace

SaveRequest SaveRequestArgument(const Napi::CallbackInfo& info, size_t first) {
  SaveRequest request;
  request.path = PathArgument(info[first]);
  const auto data = info[first + 1].As<Napi::Uint8Array>();
  request.data = data.Data();
  request.size = data.ByteLength();
  const uint32_t flags = Uint32Argument(info[first + 2]);
  request.plan = static_cast<PlanChoice>(flags & kPlanMask);
  request.exclusive = (flags & kExclusive) != 0;
  request.follow_symlinks = (flags & kFollowSymlinks) != 0;
  request.make_directories = (flags & kMakeDirectories) != 0;
  request.preserve_permissions = (flags & kPreservePermissions) != 0;
  request.preserve_all = (flags & kPreserveAll) != 0;
  request.strict = (flags & kStrict) != 0;
  request.timed = (flags & kTimed) != 0;
  request.has_mode = (flags & kHasMode) != 0;
  request.has_owner = (flags & kHasOwner) != 0;
  request.mode = Uint32Argument(info[first + 3]);
  request.uid = Uint32Argument(info[first + 4]);
  request.gid = Uint32Argument(info[first + 5]);
  if ((flags & kKeepPrevious) != 0) request.previous = PathArgument(info[first + 6]);
  return request;
}

namespace {

// (path, data, flags, mode, uid, gid, previous, ticket): a promise of the outcome.
Napi::Value Save(const Napi::CallbackInfo& info) {
  return Environment::Of(info.Env())
      .Save(info.Env(), SaveRequestArgument(info, 0), info[1].As<Napi::Object>(),
            Uint53Argument(info[kSaveRequestArguments]));
}

// (path, data, flags, mode, uid, gid, previous, and the same for each further save): the outcome, or an array
// of several; null if a filesystem has to be decided about first.
Napi::Value SaveSync(const Napi::CallbackInfo& info) {
  std::vector<SaveRequest> requests;
  for (size_t first = 0; first + kSaveRequestArguments <= info.Length(); first += kSaveRequestArguments) {
    requests.push_back(SaveRequestArgument(info, first));
  }
  return Environment::Of(info.Env()).SaveSync(info.Env(), std::move(requests));
}

// (path, an empty Uint8Array, flags, mode, uid, gid, previous, ticket): 0, null or a failure.
Napi::Value OpenSave(const Napi::CallbackInfo& info, Form form) {
  return Environment::Of(info.Env())
      .OpenSave(info.Env(), SaveRequestArgument(info, 0), Uint53Argument(info[kSaveRequestArguments]), form);
}

// (ticket, data): 0 or a failure.
Napi::Value AppendToSave(const Napi::CallbackInfo& info, Form form) {
  return Environment::Of(info.Env())
      .AppendToSave(info.Env(), Uint53Argument(info[0]), info[1].As<Napi::Uint8Array>(), form);
}

// (ticket): the outcome; in the synchronous form null if a filesystem has to be decided about first.
Napi::Value FinishSave(const Napi::CallbackInfo& info, Form form) {
  return Environment::Of(info.Env()).FinishSave(info.Env(), Uint53Argument(info[0]), form);
}

// (ticket): how long it was in each stage, or 0.
Napi::Value AbandonSave(const Napi::CallbackInfo& info, Form form) {
  return Environment::Of(info.Env()).AbandonSave(info.Env(), Uint53Argument(info[0]), form);
}

// (ticket)
Napi::Value Cancel(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env()).Cancel(Uint53Argument(info[0]));
  return info.Env().Undefined();
}

// (function)
Napi::Value SetDecider(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env()).SetDecider(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

Napi::Value TakeBack(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env()).TakeBack();
  return info.Env().Undefined();
}

Napi::Value TakeUndecided(const Napi::CallbackInfo& info) {
  return Environment::Of(info.Env()).TakeUndecided(info.Env());
}

Protocol ProtocolOf(uint32_t plan) {
  if ((plan & kSyncData) != 0) return Protocol::kSyncRenameSync;
  return (plan & kWriteBack) != 0 ? Protocol::kSingleCommit : Protocol::kRename;
}

// (major, minor, mountId, generation, learnsAfter, plans)
Napi::Value Decide(const Napi::CallbackInfo& info) {
  const FilesystemId filesystem{Uint32Argument(info[0]), Uint32Argument(info[1]), Uint53Argument(info[2])};
  Decision decision;
  decision.learns_after = Uint32Argument(info[4]);
  const auto plans = info[5].As<Napi::Array>();
  for (uint32_t i = 0; i < kPlanChoices; ++i) {
    const Napi::Value bits = plans[i];
    const uint32_t plan = Uint32Argument(bits);
    Plan& its = decision.plans[i];
    its.protocol = ProtocolOf(plan);
    its.asked = AskedBy(static_cast<PlanChoice>(i));
    its.achieves = static_cast<Durability>(plan & kAchieves);
    its.unnamed = (plan & kUnnamed) != 0;
    its.close_may_fail = (plan & kCloseMayFail) != 0;
    its.hold_replaced = (plan & kHoldReplaced) != 0;
    its.sync_filesystem = (plan & kSyncFilesystem) != 0;
  }
  SharedScheduler().ProvidePlan(filesystem, Uint53Argument(info[3]), decision);
  return info.Env().Undefined();
}

Napi::Object Flags(Napi::Env env) {
  Napi::Object flags = Napi::Object::New(env);
  flags.Set("exclusive", kExclusive);
  flags.Set("followSymlinks", kFollowSymlinks);
  flags.Set("makeDirectories", kMakeDirectories);
  flags.Set("preservePermissions", kPreservePermissions);
  flags.Set("preserveAll", kPreserveAll);
  flags.Set("strict", kStrict);
  flags.Set("hasMode", kHasMode);
  flags.Set("hasOwner", kHasOwner);
  flags.Set("timed", kTimed);
  flags.Set("keepPrevious", kKeepPrevious);
  return flags;
}

Napi::Object PlanFlags(Napi::Env env) {
  Napi::Object flags = Napi::Object::New(env);
  flags.Set("syncData", kSyncData);
  flags.Set("unnamed", kUnnamed);
  flags.Set("closeMayFail", kCloseMayFail);
  flags.Set("writeBack", kWriteBack);
  flags.Set("holdReplaced", kHoldReplaced);
  flags.Set("syncFilesystem", kSyncFilesystem);
  return flags;
}

Napi::Array StageNames(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env, kStages);
  for (size_t i = 0; i < kStages; ++i) names.Set(static_cast<uint32_t>(i), kStageNames[i]);
  return names;
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  Environment::Create(env);
  Export(env, exports, "save", Save);
  Export(env, exports, "saveSync", SaveSync);
  ExportForms(env, exports, "openSave", OpenSave);
  ExportForms(env, exports, "appendToSave", AppendToSave);
  ExportForms(env, exports, "finishSave", FinishSave);
  ExportForms(env, exports, "abandonSave", AbandonSave);
  Export(env, exports, "cancel", Cancel);
  Export(env, exports, "takeBack", TakeBack);
  Export(env, exports, "setDecider", SetDecider);
  Export(env, exports, "takeUndecided", TakeUndecided);
  Export(env, exports, "decide", Decide);
  exports.Set("flags", Flags(env));
  exports.Set("planFlags", PlanFlags(env));
  exports.Set("stages", StageNames(env));
  ExportPrimitives(env, exports);
  ExportSystemCalls(env, exports);
  ExportUpdates(env, exports);
  ExportTemporaryFiles(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(indelible, Initialise)

}  // namespace indelible
