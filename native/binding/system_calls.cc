#include <errno.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../base/parent_path.h"
#include "../platform/directory_locks.h"
#include "../platform/platform.h"
#include "../platform/primitives.h"
#include "../save/links.h"
#include "../save/lock_file.h"
#include "../save/optional_calls.h"
#include "../save/rename_retry.h"
#include "../save/sync_fallback.h"
#include "../save/target.h"
#include "../save/temporary_name.h"
#include "../save/ticket_lock.h"
#include "arguments.h"
#include "environment.h"
#include "module.h"
#include "process.h"
#include "wire_values.h"

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;
using platform::Identity;
using platform::Listed;
using platform::RemoveResult;

namespace primitives = platform::primitives;

using Form = Environment::Form;
using Kind = Entry::Kind;
using std::chrono::microseconds;

constexpr uint32_t kModeBits = 07777;
constexpr uint32_t kHighestDescriptor = 0x7fffffff;

// The content is copied once more than by a separate read.
constexpr uint32_t kMostReadAhead = 1U << 20;

// How long a call for a lock continues before it frees its thread. Most updates are shorter.
constexpr microseconds kPatience(1550);

// A call with its arguments and results. One type for all calls, like uv_fs_t of libuv, because a type for
// each would be most of the addon.
struct Call {
  std::shared_ptr<OpenDirectory> directory;
  std::shared_ptr<OpenDirectory> other_directory;
  std::shared_ptr<OpenFile> file;
  std::shared_ptr<TemporaryFile> target;
  std::shared_ptr<Directory> base;
  // The names or paths, in the order of the arguments.
  size_t texts_read = 0;
  std::string one;
  std::string other;
  std::vector<std::string> names;
  uint64_t earlier = 0;
  uint64_t first = 0;
  uint64_t second = 0;
  // A mode, flags, a number of bytes or of microseconds.
  uint32_t number = 0;
  int descriptor = -1;
  // The flags, from the last.
  bool flag = false;
  bool other_flag = false;

  std::shared_ptr<OpenDirectory> opened;
  std::shared_ptr<OpenFile> opened_file;
  std::shared_ptr<TemporaryFile> temporary;
  Entry entry;
  std::vector<Listed> listed;
  std::vector<Identity> identities;
  std::vector<std::string> paths;
  std::vector<uint8_t> content;
  TicketSearch search;
  std::optional<uint64_t> offset;
  const char* word = "";
  uint64_t count = 0;
  bool durable = false;

  const Directory& In() const { return directory->directory; }
  const Directory& InOther() const { return other_directory->directory; }
};

// How an argument is read, and the member of Call that it goes to.
enum class Reads : uint8_t {
  kNothing,
  kDirectory,  // The first to `directory`, the next to `other_directory`.
  kFile,
  kTemporary,
  kName,  // The first to `one`, the next to `other`; paths as well.
  kPath,
  kBoundPath,  // Relative to the working directory of the call, also if that changes later.
  kNames,
  kFlag,
  kMode,
  kNumber,
  kReadAhead,
  kDescriptor,
  kPathOrDescriptor,
  kCount,   // The first to `first`, the next to `second`; offsets as well.
  kOffset,  // Not lower than the one before.
};

// The names of arguments and rows are in the table itself: for each pointer the loader has to be told where
// it is, which takes more space than the name.
struct Argument {
  Reads reads = Reads::kNothing;
  char name[16] = "";
};

// An entry, exported as `name`, which returns a promise, and as `nameSync`, which returns the answer.
struct Row {
  char name[19];
  Argument arguments[5];
  Status (*run)(Call* call);
  // The answer of a successful call, made on JavaScript's thread.
  Napi::Value (*answer)(Napi::Env env, Call* call);
};

std::string& NextText(Call* call) { return call->texts_read++ == 0 ? call->one : call->other; }

void Read(const Argument& argument, Arguments* arguments, Call* call) {
  const char* const name = argument.name;
  switch (argument.reads) {
    case Reads::kNothing:
      return;
    case Reads::kDirectory:
      (call->directory == nullptr ? call->directory : call->other_directory) = arguments->Directory(name);
      return;
    case Reads::kFile:
      call->file = arguments->File(name);
      return;
    case Reads::kTemporary:
      call->target = arguments->Temporary(name);
      return;
    case Reads::kName:
      NextText(call) = arguments->Component(name);
      return;
    case Reads::kPathOrDescriptor:
      if (arguments->NextIsNumber()) {
        call->descriptor = static_cast<int>(arguments->Uint32(name, kHighestDescriptor));
        return;
      }
      NextText(call) = arguments->Path(name);
      return;
    case Reads::kPath:
      NextText(call) = arguments->Path(name);
      return;
    case Reads::kBoundPath:
      NextText(call) = arguments->Path(name);
      call->base = Arguments::BaseOf(call->one);
      return;
    case Reads::kNames:
      call->names = arguments->Components(name);
      return;
    case Reads::kFlag:
      call->other_flag = std::exchange(call->flag, arguments->Boolean(name));
      return;
    case Reads::kMode:
      call->number = arguments->Uint32(name, kModeBits);
      return;
    case Reads::kNumber:
      call->number = arguments->Uint32(name);
      return;
    case Reads::kReadAhead:
      call->number = arguments->Uint32(name, kMostReadAhead);
      return;
    case Reads::kDescriptor:
      call->descriptor = static_cast<int>(arguments->Uint32(name, kHighestDescriptor));
      return;
    case Reads::kCount:
      call->first = std::exchange(call->second, arguments->Uint53(name));
      return;
    case Reads::kOffset:
      call->earlier = std::exchange(call->first, call->second);
      call->second = arguments->Uint63(name);
      if (arguments->ok() && call->second < call->first)
        arguments->ThrowRange(name, "not lower than the one before");
      return;
  }
}

Status Locate(Call* call);

// What may hold up the call: its directory, or the directory that it opens. Calls for open files alone have
// no resource.
std::string ResourceOf(const Row& row, const Call& call) {
  if (call.directory == nullptr) return row.run == Locate ? std::string(ParentPath(call.one)) : call.one;
  const Identity& identity = call.directory->identity;
  std::string resource;
  for (const uint64_t number : {uint64_t{identity.major}, uint64_t{identity.minor}, identity.mount})
    resource.append(reinterpret_cast<const char*>(&number), sizeof(number));
  return resource;
}

Napi::Value MakeCall(const Napi::CallbackInfo& info, Form form, const Row& row) {
  Arguments arguments(info);
  auto call = std::make_unique<Call>();
  for (const Argument& argument : row.arguments) Read(argument, &arguments, call.get());
  if (!arguments.ok()) return Napi::Value();
  std::string resource = ResourceOf(row, *call);
  return Environment::Of(info.Env())
      .Call(info.Env(), form,
            [&row, call = std::move(call)]() mutable -> Environment::Answer {
              Status status = row.run(call.get());
              // Before JavaScript is notified: a file that it closes next must not stay open here.
              call->directory = call->other_directory = nullptr;
              call->base = nullptr;
              call->file = nullptr;
              call->target = nullptr;
              return [&row, call = std::move(call), status = std::move(status)](Napi::Env env) {
                return status.ok() ? row.answer(env, call.get()) : FailureValue(env, status, false);
              };
            },
            {Napi::Object(), std::move(resource)});
}

template <Form form>
napi_value Callback(napi_env env, napi_callback_info raw) {
  const Napi::CallbackInfo info(env, raw);
  return MakeCall(info, form, *static_cast<const Row*>(info.Data()));
}

// Answers.

void Set(Napi::Object object, const char* name, napi_value value) {
  // Fails only in a worker that is being terminated, where no JavaScript runs any more.
  static_cast<void>(napi_set_named_property(object.Env(), object, name, value));
}

Napi::Value NumberOf(Napi::Env env, uint64_t number) {
  return Napi::Number::New(env, static_cast<double>(number));
}

Napi::Value BooleanOf(Napi::Env env, bool value) { return Napi::Boolean::New(env, value); }

Napi::Value WordOf(Napi::Env env, const char* word) { return Napi::String::New(env, word); }

Napi::Value HandleOf(Napi::Env env, Handles::Opened opened) {
  return NumberOf(env, Environment::Of(env).handles().Add(std::move(opened)));
}

template <typename Element>
Napi::Value ArrayOf(Napi::Env env, const std::vector<Element>& elements,
                    Napi::Value (*value)(Napi::Env, const Element&)) {
  Napi::Array array = Napi::Array::New(env, elements.size());
  for (size_t i = 0; i < elements.size(); ++i) {
    const Napi::HandleScope scope(env);
    array.Set(static_cast<uint32_t>(i), value(env, elements[i]));
  }
  return array;
}

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kMissing:
      return "missing";
    case Kind::kFile:
      return "file";
    case Kind::kDirectory:
      return "directory";
    case Kind::kSymlink:
      return "symlink";
    case Kind::kOther:
      break;
  }
  return "other";
}

// An inode number may be higher than Number.MAX_SAFE_INTEGER.
Napi::Object ObjectOf(Napi::Env env, const Identity& identity) {
  Napi::Object value = Napi::Object::New(env);
  Set(value, "major", NumberOf(env, identity.major));
  Set(value, "minor", NumberOf(env, identity.minor));
  Set(value, "inode", Napi::BigInt::New(env, identity.inode));
  Set(value, "mountId", NumberOf(env, identity.mount));
  return value;
}

Napi::Value IdentityOf(Napi::Env env, const Identity& identity) { return ObjectOf(env, identity); }

Napi::Value ListedOf(Napi::Env env, const Listed& listed) {
  Napi::Object value = Napi::Object::New(env);
  Set(value, "name", Napi::Buffer<char>::Copy(env, listed.name.data(), listed.name.size()));
  if (listed.kind.has_value()) Set(value, "kind", WordOf(env, NameOf(*listed.kind)));
  return value;
}

Napi::Value Nothing(Napi::Env env, Call*) { return NumberOf(env, 0); }
Napi::Value Count(Napi::Env env, Call* call) { return NumberOf(env, call->count); }
Napi::Value Durable(Napi::Env env, Call* call) { return BooleanOf(env, call->durable); }
Napi::Value Word(Napi::Env env, Call* call) { return WordOf(env, call->word); }
Napi::Value Text(Napi::Env env, Call* call) { return PathValue(env, call->one); }
Napi::Value Paths(Napi::Env env, Call* call) { return ArrayOf(env, call->paths, PathValue); }
Napi::Value Listing(Napi::Env env, Call* call) { return ArrayOf(env, call->listed, ListedOf); }
Napi::Value Identities(Napi::Env env, Call* call) { return ArrayOf(env, call->identities, IdentityOf); }

Napi::Value Offset(Napi::Env env, Call* call) {
  if (!call->offset.has_value()) return env.Undefined();
  return Napi::BigInt::New(env, *call->offset);
}

Napi::Value Drawn(Napi::Env env, Call* call) {
  Napi::Object value = Napi::Object::New(env);
  Set(value, "low", Napi::BigInt::New(env, call->search.low));
  Set(value, "high", Napi::BigInt::New(env, call->search.high));
  if (call->offset.has_value()) Set(value, "ticket", Napi::BigInt::New(env, *call->offset));
  return value;
}

Napi::Value Opened(Napi::Env env, Call* call) {
  Napi::Object value = ObjectOf(env, call->opened->identity);
  Set(value, "path", PathValue(env, call->opened->directory.path));
  Set(value, "syncable", BooleanOf(env, call->opened->directory.syncable));
  Set(value, "handle", HandleOf(env, call->opened));
  return value;
}

Napi::Value Located(Napi::Env env, Call* call) {
  Napi::Object value = Napi::Object::New(env);
  Set(value, "directory", Opened(env, call));
  Set(value, "name", PathValue(env, call->one));
  return value;
}

Napi::Value LookedUp(Napi::Env env, Call* call) {
  const Entry& entry = call->entry;
  Napi::Object value = ObjectOf(env, entry.identity);
  Set(value, "kind", WordOf(env, NameOf(entry.kind)));
  Set(value, "mode", NumberOf(env, entry.attributes.mode));
  Set(value, "uid", NumberOf(env, entry.attributes.uid));
  Set(value, "gid", NumberOf(env, entry.attributes.gid));
  Set(value, "links", NumberOf(env, entry.links));
  Set(value, "mountPoint", BooleanOf(env, entry.mount_point));
  return value;
}

Napi::Value Content(Napi::Env env, Call* call) {
  return Napi::Buffer<uint8_t>::Copy(env, call->content.data(), call->content.size());
}

Napi::Value OpenedFile(Napi::Env env, Call* call) {
  Napi::Object value = Napi::Object::New(env);
  Set(value, "size", NumberOf(env, call->opened_file->version.size));
  Set(value, "content", Content(env, call));
  Set(value, "handle", HandleOf(env, call->opened_file));
  return value;
}

Napi::Value Created(Napi::Env env, Call* call) {
  const Temporary& temporary = call->temporary->temporary();
  Napi::Object value = Napi::Object::New(env);
  Set(value, "fd", Napi::Number::New(env, static_cast<double>(temporary.file().get())));
  if (!temporary.name().empty()) Set(value, "name", PathValue(env, temporary.name()));
  Set(value, "handle", HandleOf(env, call->temporary));
  return value;
}

// Calls.

Status Identified(Call* call, Status opened) {
  if (!opened.ok()) return opened;
  return platform::Identify(call->opened->directory, &call->opened->identity);
}

Status OpenPath(Call* call) {
  call->opened = std::make_shared<OpenDirectory>();
  return Identified(call, OpenTrusted(call->base.get(), call->one, &call->opened->directory));
}

Status OpenAt(Call* call) {
  call->opened = std::make_shared<OpenDirectory>();
  Directory* const directory = &call->opened->directory;
  return Identified(call, call->flag ? platform::OpenDirectory(&call->In(), call->one, directory)
                                     : platform::OpenSubdirectory(call->In(), call->one, directory));
}

Status OpenLocks(Call* call) {
  call->opened = std::make_shared<OpenDirectory>();
  const auto filesystem = platform::FilesystemId::Of(call->directory->identity);
  return Identified(call, OpenLockFile(call->In(), call->one, filesystem, &call->opened->directory));
}

// The directories that it makes are remembered as unsynced, so that a save makes their entries as durable as
// its own.
Status Locate(Call* call) {
  SaveRequest request;
  request.path = call->one;
  request.base = call->base;
  request.make_directories = call->flag;
  // openFile decides about the file that it opens.
  request.has_uid = true;
  Target target;
  Status status = ResolveTarget(request, &target);
  if (status.ok()) status = Process::Get().scheduler.unsynced_directories().MakeMissing(&target, true);
  if (!status.ok()) return status;
  call->opened = std::make_shared<OpenDirectory>();
  call->opened->directory = std::move(target.directory);
  call->opened->identity = target.identity;
  call->one = std::move(target.name);
  return status;
}

// The directory, its parent, and so on up to the root.
Status FindAncestors(Call* call) {
  std::vector<Identity>& identities = call->identities;
  Directory above;
  Status status = platform::OpenDirectory(&call->In(), ".", &above);
  while (status.ok()) {
    Identity identity;
    status = platform::Identify(above, &identity);
    // The root is its own parent.
    if (!status.ok() || (!identities.empty() && platform::SameFile(identity, identities.back()))) break;
    identities.push_back(identity);
    Directory parent;
    status = platform::OpenDirectory(&above, "..", &parent);
    // Without the path, which would grow and is not needed here.
    parent.path = call->In().path;
    above = std::move(parent);
  }
  return status;
}

// Calls OnName for each name in the directory until one fails. The status has the name that failed.
template <Status (*OnName)(Call*, const std::string&)>
Status OnEach(Call* call) {
  call->durable = true;
  for (const std::string& name : call->names) {
    Status status = OnName(call, name);
    if (!status.ok()) return std::move(status).On(name);
  }
  return Status::Ok();
}

// A missing file is not an error.
Status UnlinkIfExists(Call* call, const std::string& name) {
  Status status = platform::Unlink(call->In(), name);
  return status.error() == ENOENT ? Status::Ok() : std::move(status);
}

// Only files are synced: other entries become durable with their names.
Status SyncIfFile(Call* call, const std::string& name) {
  Entry entry;
  Status status = platform::LookUp(call->In(), name, &entry);
  if (!status.ok() || entry.kind == Kind::kMissing) return status;
  if (entry.mount_point) return Status::Failed(Status::Reason::kMountPoint, "open", EBUSY);
  if (entry.kind != Kind::kFile) return status;
  platform::Descriptor file;
  Reached reached = Reached::kStable;
  status = platform::OpenToSync(call->In(), name, &file);
  if (status.ok()) status = SyncFile(file, &reached);
  // The sync of the directory completes a sync that only orders.
  if (reached == Reached::kSubmitted) call->durable = false;
  return status;
}

Status SyncDirectory(Call* call) {
  Reached reached = Reached::kSubmitted;
  Status status = SyncEntries(call->In(), &reached);
  if (MayBeUnavailable(OptionalCall::kSyncDirectory, status)) return Status::Ok();
  if (!status.ok()) return status;
  call->durable = reached == Reached::kStable;
  return Process::Get().scheduler.unsynced_directories().SyncAbove(call->In(), call->directory->identity,
                                                                   &call->durable);
}

Status SyncFilesystem(Call* call) {
  Status status =
      ExplainDenial(OptionalCall::kSyncFilesystem, platform::SyncFilesystem(call->In().descriptor));
  // Each file is synced instead.
  if (platform::IsUnsupported(status.error()))
    SetUnavailable(platform::FilesystemId::Of(call->directory->identity), OptionalCall::kSyncFilesystem);
  return status;
}

Status RemoveUnlessOpen(Call* call) {
  RemoveResult result = RemoveResult::kUnknown;
  Status status = platform::RemoveUnlessOpen(call->In(), call->one, &result);
  call->word = result == RemoveResult::kRemoved ? "removed"
               : result == RemoveResult::kOpen  ? "open"
                                                : "unknown";
  return status;
}

// What was read is one version only if the file did not change meanwhile, and what is known of the server's
// version may be newer after reading.
Status RefuseIfChanged(const OpenFile& file) REQUIRES(file.mutex) {
  platform::FileVersion now = file.version;
  Status status = platform::ReadVersion(file.descriptor, &now);
  return !status.ok() || now == file.version ? status : Status::Failed("read", platform::kStale);
}

// Reads until the bytes are full or the file ends.
Status ReadAll(OpenFile* file, uint8_t* data, size_t size, uint64_t* got) {
  const MutexLock lock(file->mutex);
  while (*got < size && file->descriptor.valid()) {
    size_t count = 0;
    const Status status = platform::Read(file->descriptor, data + *got, size - *got, &count);
    if (!status.ok()) {
      if (status.error() == EINTR) continue;
      return status;
    }
    if (count == 0 && file->version.ask_server) {
      Status status = RefuseIfChanged(*file);
      if (status.ok()) status = platform::AskServerForEnd(file->descriptor);
      if (!status.ok()) return status;
    }
    // An open file may block the rename of a save. FUSE and NFS clients rename it away first, so that its
    // name is missing for a moment (libfuse: lib/fuse.c, hide_node; fs/nfs/unlink.c).
    if (count == 0 && (platform::OpenFilesMayBlockRenames() || file->version.ask_server))
      file->descriptor = platform::Descriptor();
    if (count == 0) break;
    *got += count;
  }
  return Status::Ok();
}

// The content is in memory of its own: a thread that hangs must not write into that of JavaScript.
Status ReadContent(OpenFile* file, Call* call, uint64_t most) {
  call->content.resize(static_cast<size_t>(std::min<uint64_t>(most, call->number)));
  Status status = ReadAll(file, call->content.data(), call->content.size(), &call->count);
  call->content.resize(static_cast<size_t>(call->count));
  return status;
}

// Opens the file and reads up to `number` bytes of its content. `flag`: the server's version; `other_flag`:
// also a file of another user.
Status OpenFileToRead(Call* call) {
  call->opened_file = std::make_shared<OpenFile>();
  OpenFile& file = *call->opened_file;
  {
    const MutexLock lock(file.mutex);
    Status status = call->flag ? platform::AskServer(call->In(), call->one) : Status::Ok();
    if (status.ok()) status = platform::OpenToRead(call->In(), call->one, &file.descriptor);
    // What was located may have been replaced meanwhile.
    Entry opened;
    if (status.ok()) status = platform::Describe(file.descriptor, &opened);
    if (status.ok()) status = RefuseUnlessFile(opened);
    if (status.ok() && !call->other_flag) status = RefuseForeign(call->In(), opened);
    if (status.ok()) status = platform::ReadVersion(file.descriptor, &file.version);
    file.version.ask_server = call->flag;
    if (!status.ok()) return status;
  }
  return ReadContent(&file, call, file.version.size + 1);
}

Status CreateTemporary(Call* call) {
  std::shared_ptr<Directory> shared(call->directory, &call->directory->directory);
  const TemporaryKind kind = call->flag ? TemporaryKind::kOpen : TemporaryKind::kAny;
  call->temporary = std::make_shared<TemporaryFile>(std::move(shared), call->directory->identity, kind);
  return call->temporary->Create(call->other_flag);
}

Status CopyToTemporary(Call* call) {
  const MutexLock lock(call->file->mutex);
  return call->target->CopyFrom(call->file->descriptor, call->second, &call->count);
}

// On this thread: an object of JavaScript for each entry of a large directory would block the event loop.
Status List(Call* call) {
  std::vector<Listed> all;
  Status status = platform::ListDirectory(call->In(), call->number, &all);
  const std::string& prefix = call->one;
  for (Listed& entry : all) {
    if (entry.name.compare(0, prefix.size(), prefix) == 0) call->listed.push_back(std::move(entry));
  }
  return status;
}

constexpr Argument kIn = {Reads::kDirectory, "directory"};
constexpr Argument kName = {Reads::kName, "name"};
constexpr Argument kNames = {Reads::kNames, "names"};
constexpr Argument kPath = {Reads::kBoundPath, "path"};
constexpr Argument kFrom = {Reads::kDirectory, "fromDirectory"};
constexpr Argument kFromName = {Reads::kName, "from"};
constexpr Argument kTo = {Reads::kDirectory, "toDirectory"};
constexpr Argument kToName = {Reads::kName, "to"};
constexpr Argument kBegin = {Reads::kOffset, "begin"};
constexpr Argument kDescriptor = {Reads::kDescriptor, "fd"};
constexpr Argument kFlags = {Reads::kNumber, "flags"};

const Row kRows[] = {
    {"openDirectory", {kPath}, OpenPath, Opened},
    {"openDirectoryAt", {kIn, kName, {Reads::kFlag, "follow"}}, OpenAt, Opened},
    {"locateTarget", {kPath, {Reads::kFlag, "makeDirectories"}}, Locate, Located},
    {"ancestors", {kIn}, FindAncestors, Identities},
    {"lookUp",
     {kIn, kName},
     [](Call* call) { return platform::LookUp(call->In(), call->one, &call->entry); },
     LookedUp},
    {"listDirectory", {kIn, {Reads::kPath, "prefix"}, {Reads::kNumber, "most"}}, List, Listing},
    {"exchange",
     {kFrom, kFromName, kTo, kToName},
     [](Call* call) {
       return ExplainDenial(OptionalCall::kExchange,
                            platform::Exchange(call->In(), call->one, call->InOther(), call->other));
     },
     Nothing},
    {"rename",
     {kFrom, kFromName, kTo, kToName},
     [](Call* call) { return RenameReplacing(call->In(), call->one, call->InOther(), call->other); },
     Nothing},
    {"renameExclusive",
     {kFrom, kFromName, kTo, kToName},
     [](Call* call) {
       return ExplainDenial(OptionalCall::kRenameExclusive,
                            RenameNoReplace(call->In(), call->one, call->InOther(), call->other));
     },
     Nothing},
    {"link",
     {kFrom, kFromName, kTo, kToName},
     [](Call* call) { return platform::Link(call->In(), call->one, call->InOther(), call->other); },
     Nothing},
    {"symlink",
     {{Reads::kPath, "text"}, kIn, kName},
     [](Call* call) { return platform::MakeSymlink(call->one, call->In(), call->other); },
     Nothing},
    {"unlink", {kIn, kName}, [](Call* call) { return RemoveName(call->In(), call->one); }, Nothing},
    {"unlinkAll", {kIn, kNames}, OnEach<UnlinkIfExists>, Nothing},
    {"makeDirectory",
     {kIn, kName, {Reads::kMode, "mode"}},
     [](Call* call) { return platform::MakeDirectory(call->In(), call->one, call->number); },
     Nothing},
    {"removeDirectory",
     {kIn, kName},
     [](Call* call) { return platform::RemoveDirectory(call->In(), call->one); },
     Nothing},
    {"realPath", {kIn}, [](Call* call) { return platform::RealPath(call->In(), &call->one); }, Text},
    {"mountPoints",
     {},
     [](Call* call) {
       call->paths = platform::MountPoints();
       return Status::Ok();
     },
     Paths},
    {"syncDirectoryAt", {kIn}, SyncDirectory, Durable},
    {"syncFiles", {kIn, kNames}, OnEach<SyncIfFile>, Durable},
    {"syncFilesystem", {kIn}, SyncFilesystem, Nothing},
    {"removeUnlessOpen", {kIn, kName}, RemoveUnlessOpen, Word},
    {"openFile",
     {kIn, kName, {Reads::kReadAhead, "readAhead"}, {Reads::kFlag, "anyOwner"}, {Reads::kFlag, "asksServer"}},
     OpenFileToRead,
     OpenedFile},
    {"readFile",
     {{Reads::kFile, "file"}, {Reads::kReadAhead, "size"}},
     [](Call* call) { return ReadContent(call->file.get(), call, call->number); },
     Content},
    {"openLockFile", {kIn, kName}, OpenLocks, Opened},
    {"isLockFile",
     {kIn, kName, {Reads::kDirectory, "lockFile"}},
     [](Call* call) {
       return IsLockFile(call->In(), call->one, call->other_directory->identity, &call->durable);
     },
     Durable},
    {"drawLockTicket",
     {kIn, {Reads::kOffset, "low"}, {Reads::kOffset, "high"}, {Reads::kOffset, "end"}},
     [](Call* call) {
       call->search = TicketSearch{call->earlier, call->first};
       return DrawTicket(call->In(), call->second, kPatience, &call->search, &call->offset);
     },
     Drawn},
    {"ticketAhead",
     {kIn, kBegin, {Reads::kOffset, "ticket"}},
     [](Call* call) { return FindAhead(call->In(), call->first, call->second, kPatience, &call->offset); },
     Offset},
    {"removeLock",
     {kIn, {Reads::kOffset, "ticket"}},
     [](Call* call) { return platform::RemoveLock(call->In(), call->second); },
     Nothing},
    {"createTemporary", {kIn, {Reads::kFlag, "unnamed"}, {Reads::kFlag, "local"}}, CreateTemporary, Created},
    {"copyToTemporary",
     {{Reads::kFile, "file"}, {Reads::kTemporary, "temporary"}, {Reads::kCount, "offset"}},
     CopyToTemporary,
     Count},
    // For `indelible/primitives`.
    {"renameat2",
     {{Reads::kPath, "from"}, {Reads::kPath, "to"}, kFlags},
     [](Call* call) { return primitives::RenameAt2(call->one, call->other, call->number); },
     Nothing},
    {"openTmpfile",
     {{Reads::kPath, "directory"}, {Reads::kMode, "mode"}},
     [](Call* call) {
       Status status = primitives::OpenTmpfile(call->one, call->number, &call->descriptor);
       call->count = static_cast<uint64_t>(std::max(call->descriptor, 0));
       return status;
     },
     Count},
    {"linkat",
     {{Reads::kPathOrDescriptor, "from"}, {Reads::kPath, "to"}},
     [](Call* call) {
       return call->descriptor >= 0 ? primitives::LinkDescriptor(call->descriptor, call->one)
                                    : primitives::LinkPath(call->one, call->other);
     },
     Nothing},
    {"syncFileRange",
     {kDescriptor, {Reads::kCount, "offset"}, {Reads::kCount, "length"}, kFlags},
     [](Call* call) {
       return primitives::SyncFileRange(call->descriptor, static_cast<int64_t>(call->first),
                                        static_cast<int64_t>(call->second), call->number);
     },
     Nothing},
    {"fdatasync", {kDescriptor}, [](Call* call) { return primitives::FDataSync(call->descriptor); }, Nothing},
    {"fsync", {kDescriptor}, [](Call* call) { return primitives::FSync(call->descriptor); }, Nothing},
    {"fullfsync", {kDescriptor}, [](Call* call) { return primitives::FullFSync(call->descriptor); }, Nothing},
    {"barrierfsync",
     {kDescriptor},
     [](Call* call) { return primitives::BarrierFSync(call->descriptor); },
     Nothing},
    {"syncfs", {kDescriptor}, [](Call* call) { return primitives::SyncFs(call->descriptor); }, Nothing},
    {"syncDirectory",
     {{Reads::kPath, "directory"}},
     [](Call* call) { return primitives::SyncDirectory(call->one); },
     Nothing},
};

// (handle, ...): 0. Closes the handles in this order. A temporary with a name is removed.
Napi::Value CloseHandle(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  std::vector<uint64_t> numbers;
  do numbers.push_back(arguments.Handle("handle"));
  while (arguments.ok() && arguments.left() > 0);
  if (!arguments.ok()) return Napi::Value();
  Environment& environment = Environment::Of(info.Env());
  std::vector<Handles::Opened> opened;
  for (const uint64_t number : numbers) opened.push_back(environment.handles().Remove(number));
  return environment.Call(info.Env(), form,
                          [opened = std::move(opened)]() mutable -> Environment::Answer {
                            // On this thread, because freeing the blocks of a large file takes time.
                            for (Handles::Opened& one : opened) one = Handles::Opened();
                            return [](Napi::Env env) { return NumberOf(env, 0); };
                          },
                          {});
}

// (owner): records this process in the names of temporaries.
Napi::Value SetOwner(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string owner = arguments.Path("owner");
  if (arguments.ok() && !SetTemporaryOwner(owner)) arguments.ThrowRange("owner", "a part of a name");
  return info.Env().Undefined();
}

// (directory, choice): the plan for its filesystem, or the plans to provide first.
Napi::Value FindPlan(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<OpenDirectory> directory = arguments.Directory("directory");
  const auto choice = static_cast<PlanChoice>(arguments.Uint32("choice", kPlanChoices - 1));
  if (!arguments.ok()) return Napi::Value();
  Decision decision;
  PlanRequest needed;
  if (!Process::Get().scheduler.plans().Find(platform::FilesystemId::Of(directory->identity),
                                             directory->directory, &decision, &needed)) {
    return PlansNeededValue(info.Env(), {needed});
  }
  return PlanValue(info.Env(), decision.PlanFor(choice));
}

// (directory): twice the index of its filesystem's UpdateLock, and 1 more if it is local. Not an object,
// which would take longer than the rest. Undefined: the plan has to be provided first (findPlan).
Napi::Value FindUpdateLock(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<OpenDirectory> directory = arguments.Directory("directory");
  if (!arguments.ok()) return Napi::Value();
  Decision decision;
  PlanRequest needed;
  if (!Process::Get().scheduler.plans().Find(platform::FilesystemId::Of(directory->identity),
                                             directory->directory, &decision, &needed)) {
    return info.Env().Undefined();
  }
  const Plan& plan = decision.PlanFor(PlanChoice::kNone);
  return NumberOf(info.Env(), static_cast<uint64_t>(plan.update_lock) * 2 + (plan.local ? 1 : 0));
}

// (major, minor, mountId): the names of the optional calls that are not available on this filesystem.
Napi::Value FindUnavailableCalls(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  platform::FilesystemId filesystem;
  filesystem.major = arguments.Uint32("major");
  filesystem.minor = arguments.Uint32("minor");
  filesystem.mount = arguments.Uint53("mountId");
  if (!arguments.ok()) return Napi::Value();
  Napi::Array names = Napi::Array::New(info.Env());
  for (const char* const name : UnavailableCalls(filesystem)) names.Set(names.Length(), name);
  return names;
}

}  // namespace

void ExportSystemCalls(Napi::Env env, Napi::Object exports) {
  for (const Row& row : kRows) {
    void* const data = const_cast<Row*>(&row);
    ExportCallback(env, exports, row.name, Callback<Form::kAsynchronous>, data);
    ExportCallback(env, exports, std::string(row.name) + "Sync", Callback<Form::kSynchronous>, data);
  }
  ExportForms(env, exports, "closeHandle", CloseHandle);
  Export(env, exports, "setTemporaryOwner", SetOwner);
  Export(env, exports, "findPlan", FindPlan);
  Export(env, exports, "findUpdateLock", FindUpdateLock);
  Export(env, exports, "unavailableCalls", FindUnavailableCalls);
}

}  // namespace indelible
