#include "scripted_platform.h"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "../../../native/platform/directory_locks.h"
#include "../../../native/platform/platform.h"

namespace scripted {

Script script;

bool Script::Called(const std::string& call) const { return TimesCalled(call) > 0; }

size_t Script::TimesCalled(const std::string& call) const {
  return static_cast<size_t>(std::count(calls.begin(), calls.end(), call));
}

size_t Script::IndexOf(const std::string& call) const {
  return static_cast<size_t>(std::find(calls.begin(), calls.end(), call) - calls.begin());
}

}  // namespace scripted

namespace indelible::platform {

namespace {

using scripted::script;

std::mutex answering;

Status Answer(const std::string& function, const std::string& arguments = std::string()) {
  const auto meanwhile = script.meanwhile.find(function);
  if (meanwhile != script.meanwhile.end()) meanwhile->second();
  const std::lock_guard<std::mutex> lock(answering);
  script.calls.push_back(function + arguments);
  int error = 0;
  std::deque<int>& answers = script.answers[function];
  if (!answers.empty()) {
    error = answers.front();
    answers.pop_front();
  } else if (script.always.count(function) > 0) {
    error = script.always[function];
  }
  return error == 0 ? Status::Ok() : Status::Failed("scripted", error);
}

std::atomic<intptr_t> next_descriptor{3};

}  // namespace

Descriptor::~Descriptor() = default;

Status Descriptor::Close() {
  value_ = -1;
  return Answer("Close");
}

Status OpenDirectory(const Directory*, const std::string& path, Directory* directory) {
  directory->descriptor = Descriptor(next_descriptor++);
  directory->path = path;
  return Answer("OpenDirectory");
}

Status OpenWithoutLinks(const Directory* base, const std::string& path, Directory* directory) {
  Status status = Answer("OpenWithoutLinks");
  return status.ok() ? OpenDirectory(base, path, directory) : std::move(status);
}

Status OpenCached(const Directory*, const std::string& path, Directory* directory) {
  directory->descriptor = Descriptor(next_descriptor++);
  directory->path = path;
  return Answer("OpenCached");
}

Status EnterDirectory(const Directory*, const std::string& name, Directory* directory) {
  directory->descriptor = Descriptor(next_descriptor++);
  return Answer("EnterDirectory", " " + name);
}

Status OpenWorkingDirectory(Directory*) { return Answer("OpenWorkingDirectory"); }

Status Identify(const Directory& directory, Identity* identity) {
  identity->major = directory.path.rfind("/other", 0) == 0 ? 1 : 0;
  identity->inode = 7;
  return Status::Ok();
}

Status CheckWritable(const Directory&, const std::string&) { return Answer("CheckWritable"); }

Status LookUp(const Directory&, const std::string&, Entry* entry) {
  entry->kind = script.link ? Entry::Kind::kSymlink : Entry::Kind::kFile;
  entry->size = script.size;
  entry->attributes.mode = 0640;
  return Status::Ok();
}

Status ReadLink(const Directory&, const std::string&, SymbolicLink*) { return Answer("ReadLink"); }
Status Follow(const Directory&, const std::string&, Entry*) { return Answer("Follow"); }
Status MakeDirectory(const Directory&, const std::string&, uint32_t) { return Answer("MakeDirectory"); }

Status FillRandom(void* bytes, size_t size) {
  memset(bytes, 0, size);
  return Answer("FillRandom");
}

Status CreateFile(const Directory&, const std::string&, uint32_t, Descriptor* file) {
  *file = Descriptor(next_descriptor++);
  return Answer("CreateFile");
}

Status CreateUnnamed(const Directory&, uint32_t, Descriptor*) { return Answer("CreateUnnamed"); }

Status TryLockDirectory(const Directory&, bool* locked) {
  Status status = Answer("TryLockDirectory");
  *locked = status.ok();
  return status.error() == EWOULDBLOCK ? Status::Ok() : std::move(status);
}

Status UnlockDirectory(const Directory&) { return Answer("UnlockDirectory"); }

Status AddLock(const Directory&, uint64_t offset) { return Answer("AddLock", " " + std::to_string(offset)); }

Status RemoveLock(const Directory&, uint64_t offset) {
  return Answer("RemoveLock", " " + std::to_string(offset));
}

// The kernel may report any.
Status FindLock(const Directory&, uint64_t begin, uint64_t end, std::optional<LockedRange>* found) {
  found->reset();
  const auto first = script.locks.lower_bound(begin);
  const auto behind = script.locks.lower_bound(end);
  if (first != behind) {
    const uint64_t one = script.reports_lowest ? *first : *std::prev(behind);
    *found = LockedRange{one, one + 1};
  }
  return Answer("FindLock");
}

Status Describe(const Descriptor&, Entry* entry) {
  entry->kind = Entry::Kind::kFile;
  return Answer("Describe");
}

Status ReadAttributes(const Descriptor&, Attributes* attributes, bool* linked) {
  *attributes = Attributes{0600, 0, 0};
  *linked = true;
  return Status::Ok();
}

Status ReadAt(const Descriptor&, uint64_t, uint8_t*, size_t, size_t* got) {
  const Status status = Answer("ReadAt");
  if (status.ok()) *got = std::exchange(script.to_copy, 0);
  return status;
}

Status WriteAt(const Descriptor&, uint64_t, const uint8_t*, size_t size, size_t* written) {
  *written = size;
  return Answer("WriteAt");
}

Status CloneContent(const Descriptor&, const Descriptor&) { return Answer("CloneContent"); }

Status CopyRange(const Descriptor&, const Descriptor&, uint64_t, uint64_t, uint64_t* copied) {
  const Status status = Answer("CopyRange");
  if (status.ok()) *copied = std::exchange(script.to_copy, 0);
  return status;
}

Status Write(const Descriptor&, const uint8_t*, size_t size, size_t* written) {
  *written = size;
  return Answer("Write");
}

Status SetOwner(const Descriptor&, uint32_t, uint32_t) { return Answer("SetOwner"); }
Status SetMode(const Descriptor&, uint32_t) { return Answer("SetMode"); }

Status ListAttributes(const Directory&, const std::string&, std::vector<std::string>*) {
  return Answer("ListAttributes");
}

Status GetAttribute(const Directory&, const std::string&, const std::string&, std::string*) {
  return Answer("GetAttribute");
}

Status ListAttributes(const Descriptor&, std::vector<std::string>*) { return Answer("ListOwnAttributes"); }

Status GetAttribute(const Descriptor&, const std::string&, std::string*) { return Answer("GetOwnAttribute"); }

bool IsAmbiguousUser(uint32_t) { return false; }
bool IsAmbiguousGroup(uint32_t) { return false; }
bool MayLinkFilesOfOthers() { return true; }

Status SetAttribute(const Descriptor&, const std::string&, const std::string&) {
  return Answer("SetAttribute");
}

Status RemoveAttribute(const Descriptor&, const std::string&) { return Answer("RemoveAttribute"); }

Status CopyAttributes(const Directory&, const std::string&, const Descriptor&) {
  return Answer("CopyAttributes");
}

Status CopyAccessList(const Directory&, const std::string&, const Descriptor&) {
  return Answer("CopyAccessList");
}

Status ReadFlags(const Directory&, const std::string&, FileFlags*) { return Answer("ReadFlags"); }
Status ReadFlags(const Descriptor&, FileFlags*) { return Answer("ReadFlags"); }
Status ReadProjectInheritance(const Directory&, bool*) { return Answer("ReadProjectInheritance"); }
Status SetFlags(const Descriptor&, const FileFlags&) { return Answer("SetFlags"); }
Status WriteBack(const Descriptor&) { return Answer("WriteBack"); }
Status StartWriteBack(const Descriptor&) { return Answer("StartWriteBack"); }
Status SyncBarrier(const Descriptor&) { return Answer("SyncBarrier"); }
Status SyncData(const Descriptor&) { return Answer("SyncData"); }
Status SubmitFile(const Descriptor&) { return Answer("SubmitFile"); }
Status SyncFilesystem(const Descriptor&) { return Answer("SyncFilesystem"); }
Status SyncDirectory(const Directory& directory) {
  script.directory_syncs_wait.push_back(directory.sync_waits);
  return Answer("SyncDirectory");
}
Status SubmitDirectory(const Directory&) { return Answer("SubmitDirectory"); }

Status Duplicate(const Descriptor&, Descriptor* duplicate) {
  *duplicate = Descriptor(next_descriptor++);
  return Answer("Duplicate");
}

Status LinkUnnamed(const Descriptor&, const Directory&, const std::string&) { return Answer("LinkUnnamed"); }

Status Rename(const Directory&, const std::string&, const Directory&, const std::string&) {
  return Answer("Rename");
}

Status RenameClassic(const Directory&, const std::string&, const Directory&, const std::string&,
                     bool replace) {
  return Answer("RenameClassic", replace ? "" : ", no replace");
}

Status RenameExclusive(const Directory&, const std::string&, const Directory&, const std::string&) {
  return Answer("RenameExclusive");
}

Status Exchange(const Directory&, const std::string&, const Directory&, const std::string&) {
  return Answer("Exchange");
}

Status MakeSymlink(const std::string&, const Directory&, const std::string&) { return Answer("MakeSymlink"); }
Status Link(const Directory&, const std::string&, const Directory&, const std::string&) {
  return Answer("Link");
}
Status OpenToSync(const Directory&, const std::string&, Descriptor*) { return Answer("OpenToSync"); }
Status OpenToLock(const Directory&, const std::string&, Descriptor*) { return Answer("OpenToLock"); }
Status AskServer(const Directory&, const std::string&) { return Answer("AskServer"); }
Status OpenToRead(const Directory&, const std::string&, Descriptor*) { return Answer("OpenToRead"); }
Status ReadVersion(const Descriptor&, FileVersion* version) {
  version->size = 11;
  return Answer("ReadVersion");
}
Status LookUpVersion(const Directory&, const std::string&, FileVersion*) { return Answer("LookUpVersion"); }
uint32_t EffectiveUser() { return 0; }
Status Unlink(const Directory&, const std::string&) { return Answer("Unlink"); }

// A scripted system that has filters.
bool MayBeForbidden(int error) { return error == EPERM || error == EACCES; }

const int kStale = ESTALE;

const size_t kPathMax = 4096;

bool MayBeBusy(int error) { return script.windows && (error == EBUSY || error == EPERM); }
bool OpenFilesMayBlockRenames() { return script.windows; }
void Pause(std::chrono::milliseconds time) { script.pauses.push_back(time); }

Status RemoveUnlessOpen(const Directory&, const std::string&, RemoveResult*) {
  return Answer("RemoveUnlessOpen");
}

uint64_t MountTableGeneration() { return script.generation; }
std::string DescribeMount(const Directory&) { return script.mount; }
std::string GenericPath(std::string path) { return path; }
std::string SystemPath(std::string path) { return path; }
bool AtExit(void (*)()) { return false; }
void StayLoaded() {}
bool StartThread(Task body) {
  if (!script.threads) return false;
  std::thread([its = std::move(body)] { its(); }).detach();
  return true;
}

void BlockSignals() {}

}  // namespace indelible::platform
