#include "system_calls.h"

#include <errno.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../platform/directory_locks.h"
#include "../platform/platform.h"
#include "../save/rename_ladder.h"
#include "../save/sync_ladder.h"
#include "arguments.h"
#include "call_binding.h"
#include "function_export.h"

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;
using platform::Identity;
using platform::Listed;
using platform::RemoveResult;

using Form = Environment::Form;
using Kind = Entry::Kind;

constexpr uint32_t kModeBits = 07777;

// What a call answers with that has nothing to tell.
struct Nothing {};

Napi::Value NothingValue(Napi::Env env, Nothing*) { return Napi::Number::New(env, 0); }

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
      return "other";
  }
  return "other";
}

const char* NameOf(RemoveResult result) {
  switch (result) {
    case RemoveResult::kRemoved:
      return "removed";
    case RemoveResult::kLocked:
      return "locked";
    case RemoveResult::kUnknown:
      return "unknown";
  }
  return "unknown";
}

Napi::Value BytesValue(Napi::Env env, const std::string& path) {
  const std::string bytes = platform::SystemPath(path);
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

// An inode's number may be higher than JavaScript's exact numbers.
void SetIdentity(Napi::Env env, const Identity& identity, Napi::Object value) {
  value.Set("major", Napi::Number::New(env, identity.major));
  value.Set("minor", Napi::Number::New(env, identity.minor));
  value.Set("inode", Napi::BigInt::New(env, identity.inode));
  value.Set("mountId", Napi::Number::New(env, static_cast<double>(identity.mount)));
}

Napi::Value HandleValue(Napi::Env env, Handles::Opened opened) {
  return Napi::Number::New(env, static_cast<double>(Environment::Of(env).handles().Add(std::move(opened))));
}

using OpenedDirectory = std::shared_ptr<OpenDirectory>;

Napi::Value OpenedValue(Napi::Env env, OpenedDirectory* opened) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("path", BytesValue(env, (*opened)->directory.path));
  value.Set("syncable", Napi::Boolean::New(env, (*opened)->directory.syncable));
  SetIdentity(env, (*opened)->identity, value);
  value.Set("handle", HandleValue(env, *opened));
  return value;
}

// (path): an open directory. Symbolic links are followed.
Napi::Value OpenDirectoryByPath(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  std::string path = arguments.Path("path");
  if (!arguments.ok()) return Napi::Value();
  return Make<OpenedDirectory>(
      info, form,
      [path = std::move(path)](OpenedDirectory* result) {
        *result = std::make_shared<OpenDirectory>();
        OpenDirectory& opened = **result;
        Status status = platform::OpenDirectory(nullptr, path, &opened.directory);
        return status.ok() ? platform::Identify(opened.directory, &opened.identity) : std::move(status);
      },
      OpenedValue);
}

// (directory, name, follow): an open directory.
Napi::Value OpenDirectoryAt(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory base = arguments.Directory("directory");
  std::string name = arguments.Component("name");
  const bool follow = arguments.Boolean("follow");
  if (!arguments.ok()) return Napi::Value();
  return Make<OpenedDirectory>(
      info, form,
      [base = std::move(base), name = std::move(name), follow](OpenedDirectory* result) {
        *result = std::make_shared<OpenDirectory>();
        OpenDirectory& opened = **result;
        Status status = follow ? platform::OpenDirectory(&base->directory, name, &opened.directory)
                               : platform::OpenSubdirectory(base->directory, name, &opened.directory);
        return status.ok() ? platform::Identify(opened.directory, &opened.identity) : std::move(status);
      },
      OpenedValue);
}

// (directory): the directory itself, the one above it, and so on to the root.
Napi::Value Ancestors(const Napi::CallbackInfo& info, Form form) {
  using Result = std::vector<Identity>;
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  if (!arguments.ok()) return Napi::Value();
  return Make<Result>(
      info, form,
      [directory = std::move(directory)](Result* result) {
        Directory above;
        Status status = platform::OpenDirectory(&directory->directory, ".", &above);
        while (status.ok()) {
          Identity identity;
          status = platform::Identify(above, &identity);
          // The root is its own parent.
          if (!status.ok() || (!result->empty() && platform::SameFile(identity, result->back()))) break;
          result->push_back(identity);
          Directory parent;
          status = platform::OpenDirectory(&above, "..", &parent);
          // Without the growing path, which nothing here needs.
          parent.path = directory->directory.path;
          above = std::move(parent);
        }
        return status;
      },
      [](Napi::Env env, Result* result) -> Napi::Value {
        Napi::Array array = Napi::Array::New(env, result->size());
        for (size_t i = 0; i < result->size(); ++i) {
          Napi::Object identity = Napi::Object::New(env);
          SetIdentity(env, (*result)[i], identity);
          array.Set(static_cast<uint32_t>(i), identity);
        }
        return array;
      });
}

// (handle of any kind): 0. A temporary that has a name of its own loses it.
Napi::Value CloseHandle(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  const uint64_t number = arguments.Handle("handle");
  if (!arguments.ok()) return Napi::Value();
  Handles::Opened opened = Environment::Of(info.Env()).handles().Remove(number);
  return Make<Nothing>(
      info, form,
      [opened = std::move(opened)](Nothing*) mutable {
        // Here, since freeing a large file's blocks takes its time.
        opened = Handles::Opened();
        return Status::Ok();
      },
      NothingValue);
}

// (directory, name): what stands under the name.
Napi::Value LookUp(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  std::string name = arguments.Component("name");
  if (!arguments.ok()) return Napi::Value();
  return Make<Entry>(
      info, form,
      [directory = std::move(directory), name = std::move(name)](Entry* entry) {
        return platform::LookUp(directory->directory, name, entry);
      },
      [](Napi::Env env, Entry* entry) -> Napi::Value {
        Napi::Object value = Napi::Object::New(env);
        value.Set("kind", Napi::String::New(env, NameOf(entry->kind)));
        value.Set("mode", Napi::Number::New(env, entry->attributes.mode));
        value.Set("uid", Napi::Number::New(env, entry->attributes.uid));
        value.Set("gid", Napi::Number::New(env, entry->attributes.gid));
        value.Set("links", Napi::Number::New(env, static_cast<double>(entry->links)));
        value.Set("mountPoint", Napi::Boolean::New(env, entry->mount_point));
        SetIdentity(env, entry->identity, value);
        return value;
      });
}

// (directory): what is in it, each with its kind where the listing tells.
Napi::Value ListDirectory(const Napi::CallbackInfo& info, Form form) {
  using Result = std::vector<Listed>;
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  if (!arguments.ok()) return Napi::Value();
  return Make<Result>(
      info, form,
      [directory = std::move(directory)](Result* entries) {
        return platform::ListDirectory(directory->directory, entries);
      },
      [](Napi::Env env, Result* entries) -> Napi::Value {
        Napi::Array array = Napi::Array::New(env, entries->size());
        for (size_t i = 0; i < entries->size(); ++i) {
          const Listed& entry = (*entries)[i];
          const Napi::HandleScope scope(env);
          Napi::Object value = Napi::Object::New(env);
          value.Set("name", Napi::Buffer<char>::Copy(env, entry.name.data(), entry.name.size()));
          if (entry.kind.has_value()) value.Set("kind", Napi::String::New(env, NameOf(*entry.kind)));
          array.Set(static_cast<uint32_t>(i), value);
        }
        return array;
      });
}

// A call on a name in each of two directories: 0.
template <Status (*Call)(const Directory&, const std::string&, const Directory&, const std::string&)>
Napi::Value OnTwoNames(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory from_directory = arguments.Directory("fromDirectory");
  std::string from = arguments.Component("from");
  OpenedDirectory to_directory = arguments.Directory("toDirectory");
  std::string to = arguments.Component("to");
  if (!arguments.ok()) return Napi::Value();
  return Make<Nothing>(
      info, form,
      [from_directory = std::move(from_directory), from = std::move(from),
       to_directory = std::move(to_directory), to = std::move(to)](Nothing*) {
        return Call(from_directory->directory, from, to_directory->directory, to);
      },
      NothingValue);
}

// A call on a name in a directory: 0.
template <Status (*Call)(const Directory&, const std::string&)>
Napi::Value OnName(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  std::string name = arguments.Component("name");
  if (!arguments.ok()) return Napi::Value();
  return Make<Nothing>(
      info, form,
      [directory = std::move(directory), name = std::move(name)](Nothing*) {
        return Call(directory->directory, name);
      },
      NothingValue);
}

// A call on many names in a directory, which stops at the first that fails and says which it was: 0.
template <Status (*Call)(const Directory&, const std::string&)>
Napi::Value OnNames(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  std::vector<std::string> names = arguments.Components("names");
  if (!arguments.ok()) return Napi::Value();
  return Make<Nothing>(
      info, form,
      [directory = std::move(directory), names = std::move(names)](Nothing*) {
        for (const std::string& name : names) {
          Status status = Call(directory->directory, name);
          if (!status.ok()) return std::move(status).On(name);
        }
        return Status::Ok();
      },
      NothingValue);
}

// What is gone need not be removed.
Status UnlinkIfThere(const Directory& directory, const std::string& name) {
  Status status = platform::Unlink(directory, name);
  return status.error() == ENOENT ? Status::Ok() : std::move(status);
}

// Everything but a file is made durable with its name.
Status SyncIfFile(const Directory& directory, const std::string& name) {
  Entry entry;
  Status status = platform::LookUp(directory, name, &entry);
  if (!status.ok() || entry.kind == Kind::kMissing) return status;
  if (entry.mount_point) return Status::Failed(Status::Reason::kMountPoint, "open", EBUSY);
  if (entry.kind != Kind::kFile) return status;
  platform::Descriptor file;
  Reach reach = Reach::kStable;
  status = platform::OpenToSync(directory, name, &file);
  return status.ok() ? SyncFile(file, &reach) : std::move(status);
}

// (text, directory, name): 0.
Napi::Value MakeSymlink(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  std::string text = arguments.Path("text");
  OpenedDirectory directory = arguments.Directory("directory");
  std::string name = arguments.Component("name");
  if (!arguments.ok()) return Napi::Value();
  return Make<Nothing>(
      info, form,
      [text = std::move(text), directory = std::move(directory), name = std::move(name)](Nothing*) {
        return platform::MakeSymlink(text, directory->directory, name);
      },
      NothingValue);
}

Napi::Value TextValue(Napi::Env env, std::string* text) { return BytesValue(env, *text); }

// (directory, name): the text of a symbolic link.
Napi::Value ReadLink(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  std::string name = arguments.Component("name");
  if (!arguments.ok()) return Napi::Value();
  return Make<std::string>(
      info, form,
      [directory = std::move(directory), name = std::move(name)](std::string* text) {
        return platform::ReadLink(directory->directory, name, text);
      },
      TextValue);
}

// (directory): its path without symbolic links.
Napi::Value RealPath(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  if (!arguments.ok()) return Napi::Value();
  return Make<std::string>(
      info, form,
      [directory = std::move(directory)](std::string* path) {
        return platform::RealPath(directory->directory, path);
      },
      TextValue);
}

// (): where something is mounted, by paths without symbolic links. None where that is hidden.
Napi::Value MountPoints(const Napi::CallbackInfo& info, Form form) {
  using Result = std::vector<std::string>;
  return Make<Result>(
      info, form,
      [](Result* points) {
        *points = platform::MountPoints();
        return Status::Ok();
      },
      [](Napi::Env env, Result* points) -> Napi::Value {
        Napi::Array array = Napi::Array::New(env, points->size());
        for (size_t i = 0; i < points->size(); ++i)
          array.Set(static_cast<uint32_t>(i), BytesValue(env, (*points)[i]));
        return array;
      });
}

// (directory): whether its names are on stable storage; false where they are only with the device.
Napi::Value SyncDirectory(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  if (!arguments.ok()) return Napi::Value();
  return Make<Reach>(
      info, form,
      [directory = std::move(directory)](Reach* reach) { return SyncNames(directory->directory, reach); },
      [](Napi::Env env, Reach* reach) -> Napi::Value {
        return Napi::Boolean::New(env, *reach == Reach::kStable);
      });
}

// (directory): 0.
Napi::Value SyncFilesystem(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  if (!arguments.ok()) return Napi::Value();
  return Make<Nothing>(
      info, form,
      [directory = std::move(directory)](Nothing*) {
        return platform::SyncFilesystem(directory->directory.descriptor);
      },
      NothingValue);
}

// (directory, name): 'removed', 'locked' by a living writer, or 'unknown'.
Napi::Value RemoveIfUnlocked(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  std::string name = arguments.Component("name");
  if (!arguments.ok()) return Napi::Value();
  return Make<RemoveResult>(
      info, form,
      [directory = std::move(directory), name = std::move(name)](RemoveResult* result) {
        return platform::RemoveIfUnlocked(directory->directory, name, result);
      },
      [](Napi::Env env, RemoveResult* result) -> Napi::Value {
        return Napi::String::New(env, NameOf(*result));
      });
}

// (directory, name): a file that is open for reading, and how long it is.
Napi::Value OpenFileToRead(const Napi::CallbackInfo& info, Form form) {
  using Result = std::shared_ptr<OpenFile>;
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  std::string name = arguments.Component("name");
  if (!arguments.ok()) return Napi::Value();
  return Make<Result>(
      info, form,
      [directory = std::move(directory), name = std::move(name)](Result* result) {
        *result = std::make_shared<OpenFile>();
        OpenFile& file = **result;
        Status status = platform::OpenToRead(directory->directory, name, &file.descriptor);
        return status.ok() ? platform::ReadVersion(file.descriptor, &file.version) : std::move(status);
      },
      [](Napi::Env env, Result* result) -> Napi::Value {
        Napi::Object value = Napi::Object::New(env);
        value.Set("size", Napi::Number::New(env, static_cast<double>((*result)->version.size)));
        value.Set("handle", HandleValue(env, *result));
        return value;
      });
}

// Until the bytes are full, or the file ends.
Status ReadAll(OpenFile* file, uint8_t* data, size_t size, size_t* got) {
  const std::lock_guard<std::mutex> lock(file->mutex);
  while (*got < size && file->descriptor.valid()) {
    size_t count = 0;
    const Status status = platform::Read(file->descriptor, data + *got, size - *got, &count);
    if (!status.ok()) {
      if (status.error() == EINTR) continue;
      return status;
    }
    // An open file would block the rename of a save.
    if (count == 0 && platform::OpenFilesMayBlockRenames()) file->descriptor = platform::Descriptor();
    if (count == 0) break;
    *got += count;
  }
  return Status::Ok();
}

// (file, bytes, offset among them): how many were read; fewer than there is room for at the file's end.
Napi::Value ReadFile(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  std::shared_ptr<OpenFile> file = arguments.File("file");
  const Bytes bytes = arguments.Uint8Array("bytes");
  const uint64_t offset = arguments.Uint53("offset");
  if (arguments.ok() && offset > bytes.size) arguments.ThrowRange("offset", "inside of the bytes");
  if (!arguments.ok()) return Napi::Value();
  return Make<size_t>(
      info, form,
      [file = std::move(file), data = bytes.data + offset,
       size = bytes.size - static_cast<size_t>(offset)](size_t* got) {
        *got = 0;
        return ReadAll(file.get(), data, size, got);
      },
      [](Napi::Env env, size_t* got) -> Napi::Value {
        return Napi::Number::New(env, static_cast<double>(*got));
      },
      bytes.owner);
}

using Offset = std::optional<uint64_t>;

Napi::Value OffsetValue(Napi::Env env, Offset* offset) {
  if (!offset->has_value()) return env.Undefined();
  return Napi::BigInt::New(env, **offset);
}

Status HighestLock(const Directory& directory, uint64_t begin, uint64_t end, Offset* highest) {
  for (uint64_t from = begin;;) {
    bool found = false;
    uint64_t offset = 0;
    Status status = platform::FindLock(directory, from, end, &found, &offset);
    if (!status.ok() || !found) return status;
    *highest = offset;
    from = offset + 1;
  }
}

// A lock on the byte behind the highest one that is locked in the range; none where there is no room left.
Status AddHighest(const Directory& directory, uint64_t begin, uint64_t end, Offset* ticket) {
  Offset highest;
  Status status = HighestLock(directory, begin, end, &highest);
  if (!status.ok()) return status;
  const uint64_t mine = highest.has_value() ? *highest + 1 : begin;
  if (mine >= end) return status;
  status = platform::AddLock(directory, mine);
  if (status.ok()) *ticket = mine;
  return status;
}

// Two never get the same ticket: it is drawn under a lock on the whole directory. Others wait for that one,
// so it is held within this one call and no longer.
Status DrawTicket(const Directory& directory, uint64_t begin, uint64_t end, Offset* ticket) {
  bool locked = false;
  Status status = platform::TryLockDirectory(directory, &locked);
  if (!status.ok() || !locked) return status;
  status = AddHighest(directory, begin, end, ticket);
  Status unlocked = platform::UnlockDirectory(directory);
  return status.ok() ? std::move(unlocked) : std::move(status);
}

// A call on the locks from `begin` to before `end`.
template <Status (*Call)(const Directory&, uint64_t, uint64_t, Offset*)>
Napi::Value OnLocks(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  const uint64_t begin = arguments.Uint63("begin");
  const uint64_t end = arguments.Uint63("end");
  if (arguments.ok() && end < begin) arguments.ThrowRange("end", "no lower than the beginning");
  if (!arguments.ok()) return Napi::Value();
  return Make<Offset>(
      info, form,
      [directory = std::move(directory), begin, end](Offset* offset) {
        return Call(directory->directory, begin, end, offset);
      },
      OffsetValue);
}

Status FindAnyLock(const Directory& directory, uint64_t begin, uint64_t end, Offset* offset) {
  bool found = false;
  uint64_t any = 0;
  Status status = platform::FindLock(directory, begin, end, &found, &any);
  if (status.ok() && found) *offset = any;
  return status;
}

// (directory, offset): 0.
Napi::Value RemoveLock(const Napi::CallbackInfo& info, Form form) {
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  const uint64_t offset = arguments.Uint63("offset");
  if (!arguments.ok()) return Napi::Value();
  return Make<Nothing>(
      info, form,
      [directory = std::move(directory), offset](Nothing*) {
        return platform::RemoveLock(directory->directory, offset);
      },
      NothingValue);
}

// (directory, mode, unnamed): an open temporary, its descriptor, and its name if it has one. It is its
// writer's, for `removeIfUnlocked`, until it is closed.
Napi::Value CreateTemporary(const Napi::CallbackInfo& info, Form form) {
  using Result = std::shared_ptr<TemporaryFile>;
  Arguments arguments(info);
  OpenedDirectory directory = arguments.Directory("directory");
  const uint32_t mode = arguments.Uint32("mode", kModeBits);
  const bool unnamed = arguments.Boolean("unnamed");
  if (!arguments.ok()) return Napi::Value();
  return Make<Result>(
      info, form,
      [directory = std::move(directory), mode, unnamed](Result* result) {
        std::shared_ptr<Directory> shared(directory, &directory->directory);
        *result = std::make_shared<TemporaryFile>(std::move(shared), directory->identity);
        return (*result)->Create(mode, unnamed);
      },
      [](Napi::Env env, Result* result) -> Napi::Value {
        const Temporary& temporary = (*result)->temporary();
        Napi::Object value = Napi::Object::New(env);
        value.Set("fd", Napi::Number::New(env, static_cast<double>(temporary.file().get())));
        if (!temporary.name().empty()) value.Set("name", BytesValue(env, temporary.name()));
        value.Set("handle", HandleValue(env, *result));
        return value;
      });
}

// (directory): the number of the decision about its filesystem, or what has to be decided first.
Napi::Value FindPlan(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const OpenedDirectory directory = arguments.Directory("directory");
  if (!arguments.ok()) return Napi::Value();
  const FilesystemId filesystem = FilesystemId::Of(directory->identity);
  Decision decision;
  uint64_t generation = 0;
  if (SharedEngine().plans().Find(filesystem, &decision, &generation))
    return Napi::Number::New(info.Env(), decision.number);
  return QuestionValue(info.Env(), Question{filesystem, directory->directory.path, generation});
}

}  // namespace

void ExportSystemCalls(Napi::Env env, Napi::Object exports) {
  ExportForms(env, exports, "openDirectory", OpenDirectoryByPath);
  ExportForms(env, exports, "openDirectoryAt", OpenDirectoryAt);
  ExportForms(env, exports, "ancestors", Ancestors);
  ExportForms(env, exports, "closeHandle", CloseHandle);
  ExportForms(env, exports, "lookUp", LookUp);
  ExportForms(env, exports, "listDirectory", ListDirectory);
  ExportForms(env, exports, "exchange", OnTwoNames<platform::Exchange>);
  ExportForms(env, exports, "rename", OnTwoNames<RenameReplacing>);
  ExportForms(env, exports, "renameExclusive", OnTwoNames<RenameToFree>);
  ExportForms(env, exports, "link", OnTwoNames<platform::Link>);
  ExportForms(env, exports, "symlink", MakeSymlink);
  ExportForms(env, exports, "unlink", OnName<RemoveName>);
  ExportForms(env, exports, "unlinkAll", OnNames<UnlinkIfThere>);
  ExportForms(env, exports, "removeDirectory", OnName<platform::RemoveDirectory>);
  ExportForms(env, exports, "readLink", ReadLink);
  ExportForms(env, exports, "realPath", RealPath);
  ExportForms(env, exports, "mountPoints", MountPoints);
  ExportForms(env, exports, "syncDirectoryAt", SyncDirectory);
  ExportForms(env, exports, "syncFiles", OnNames<SyncIfFile>);
  ExportForms(env, exports, "syncFilesystem", SyncFilesystem);
  ExportForms(env, exports, "removeIfUnlocked", RemoveIfUnlocked);
  ExportForms(env, exports, "openFile", OpenFileToRead);
  ExportForms(env, exports, "readFile", ReadFile);
  ExportForms(env, exports, "drawLockTicket", OnLocks<DrawTicket>);
  ExportForms(env, exports, "findLock", OnLocks<FindAnyLock>);
  ExportForms(env, exports, "removeLock", RemoveLock);
  ExportForms(env, exports, "createTemporary", CreateTemporary);
  Export(env, exports, "findPlan", FindPlan);
}

}  // namespace indelible
