#include "posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

// The part of the platform that is the same on Linux and macOS.
namespace indelible::platform {

using posix::AttributesOf;
using posix::Checked;
using posix::EntryOf;
using posix::KindOf;
using posix::Number;

namespace {

// One read(2) or write(2) transfers at most 0x7ffff000 bytes on Linux and INT_MAX on macOS. This is a round
// number below both.
constexpr size_t kLargestTransfer = size_t{1} << 30;

// The deepest call of a save needs a few KiB. The default is 128 KiB for musl, 512 KiB for macOS, and for
// glibc the 8 MiB of the shell.
constexpr size_t kStackSize = size_t{256} << 10;

constexpr uint32_t kModeBits = 07777;

// readdir(3): not all filesystems report the type.
std::optional<Entry::Kind> KindOfType(unsigned char type) {
  switch (type) {
    case DT_UNKNOWN:
      return std::nullopt;
    case DT_REG:
      return Entry::Kind::kFile;
    case DT_DIR:
      return Entry::Kind::kDirectory;
    case DT_LNK:
      return Entry::Kind::kSymlink;
    default:
      return Entry::Kind::kOther;
  }
}

}  // namespace

Status posix::Checked(int result, const char* syscall) {
  return result >= 0 ? Status::Ok() : Status::Failed(syscall, errno);
}

Entry::Kind posix::KindOf(mode_t mode) {
  if (S_ISREG(mode)) return Entry::Kind::kFile;
  if (S_ISDIR(mode)) return Entry::Kind::kDirectory;
  if (S_ISLNK(mode)) return Entry::Kind::kSymlink;
  return Entry::Kind::kOther;
}

Attributes posix::AttributesOf(const struct stat& info) {
  return Attributes{info.st_mode & kModeBits, info.st_uid, info.st_gid};
}

std::string posix::PathFrom(const Directory* base, const std::string& path) {
  const bool absolute = !path.empty() && path.front() == '/';
  return base == nullptr || absolute ? path : base->PathOf(path);
}

std::string GenericPath(std::string path) { return path; }

std::string SystemPath(std::string path) { return path; }

Descriptor::~Descriptor() {
  if (valid()) close(static_cast<int>(value_));
}

Status Descriptor::Close() {
  // close(2): after any result, EINTR included, the descriptor is closed and must not be closed again, on
  // Linux and on macOS (bsd/kern/kern_descrip.c, close_nocancel).
  return Checked(close(static_cast<int>(Release())), "close");
}

Status OpenWorkingDirectory(Directory* directory) { return OpenDirectory(nullptr, ".", directory); }

Status OpenSubdirectory(const Directory& base, const std::string& name, Directory* directory) {
  const int descriptor = openat(Number(base), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return Status::Failed("open", errno);
  directory->descriptor = Descriptor(descriptor);
  directory->path = base.PathOf(name);
  directory->syncable = true;
  return Status::Ok();
}

Status ListDirectory(const Directory& directory, size_t most, std::vector<Listed>* entries) {
  // A new open file description, whose position no other code moves.
  const int descriptor = openat(Number(directory), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Status::Failed("open", errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(descriptor), closedir);
  if (stream == nullptr) {
    const int error = errno;
    close(descriptor);
    return Status::Failed("opendir", error);
  }
  while (entries->size() < most) {
    errno = 0;
    const struct dirent* entry = readdir(stream.get());
    if (entry == nullptr) return errno == 0 ? Status::Ok() : Status::Failed("readdir", errno);
    std::string name = entry->d_name;
    if (name != "." && name != "..") entries->push_back(Listed{std::move(name), KindOfType(entry->d_type)});
  }
  return Status::Ok();
}

Status Follow(const Directory& directory, const std::string& name, Entry* entry) {
  *entry = Entry();
  struct stat info = {};
  if (fstatat(Number(directory), name.c_str(), &info, 0) == 0) {
    *entry = EntryOf(info);
    return Status::Ok();
  }
  return errno == ENOENT ? Status::Ok() : Status::Failed("open", errno);
}

// Any other error does not tell: the call may be forbidden, and an immutable file is refused by the rename.
Status CheckWritable(const Directory& directory, const std::string& name) {
  // Without a flag it asks for the real user (faccessat(2)). The flag needs Linux 5.8.
  const int flags = geteuid() == getuid() && getegid() == getgid() ? 0 : AT_EACCESS;
  if (faccessat(Number(directory), name.c_str(), W_OK, flags) == 0) return Status::Ok();
  return errno == EACCES || errno == EROFS ? Status::Failed("open", errno) : Status::Ok();
}

Status MakeDirectory(const Directory& directory, const std::string& name, uint32_t mode) {
  return Checked(mkdirat(Number(directory), name.c_str(), mode), "mkdir");
}

Status OpenToRead(const Directory& directory, const std::string& name, Descriptor* file) {
  const int descriptor =
      openat(Number(directory), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return Status::Failed("open", errno);
  *file = Descriptor(descriptor);
  return Status::Ok();
}

Status OpenToLock(const Directory& directory, const std::string& name, Descriptor* file) {
  const int descriptor =
      openat(Number(directory), name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return Status::Failed("open", errno);
  *file = Descriptor(descriptor);
  return Status::Ok();
}

Status OpenToSync(const Directory& directory, const std::string& name, Descriptor* file) {
  return OpenToRead(directory, name, file);
}

Status Read(const Descriptor& file, uint8_t* data, size_t size, size_t* got) {
  const ssize_t count = read(Number(file), data, std::min(size, kLargestTransfer));
  if (count < 0) return Status::Failed("read", errno);
  *got = static_cast<size_t>(count);
  return Status::Ok();
}

Status Describe(const Descriptor& file, Entry* entry) {
  struct stat info = {};
  if (fstat(Number(file), &info) != 0) return Status::Failed("fstat", errno);
  *entry = EntryOf(info);
  return Status::Ok();
}

Status ReadAt(const Descriptor& file, uint64_t offset, uint8_t* data, size_t size, size_t* got) {
  const ssize_t count =
      pread(Number(file), data, std::min(size, kLargestTransfer), static_cast<off_t>(offset));
  if (count < 0) return Status::Failed("read", errno);
  *got = static_cast<size_t>(count);
  return Status::Ok();
}

Status ReadVersion(const Descriptor& file, FileVersion* version) {
  return posix::FindVersion(Number(file), nullptr, version) ? Status::Ok() : Status::Failed("fstat", errno);
}

Status LookUpVersion(const Directory& directory, const std::string& name, FileVersion* version) {
  *version = FileVersion();
  if (posix::FindVersion(Number(directory), name.c_str(), version)) return Status::Ok();
  return errno == ENOENT || errno == ESTALE ? Status::Ok() : Status::Failed("lstat", errno);
}

Status CreateFile(const Directory& directory, const std::string& name, uint32_t mode, Descriptor* file) {
  const int descriptor =
      openat(Number(directory), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (descriptor < 0) return Status::Failed("open", errno);
  *file = Descriptor(descriptor);
  return Status::Ok();
}

Status ReadAttributes(const Descriptor& file, Attributes* attributes, bool* linked) {
  struct stat info = {};
  if (fstat(Number(file), &info) != 0) return Status::Failed("fstat", errno);
  *attributes = AttributesOf(info);
  *linked = info.st_nlink > 0;
  return Status::Ok();
}

Status Write(const Descriptor& file, const uint8_t* data, size_t size, size_t* written) {
  const ssize_t count = write(Number(file), data, std::min(size, kLargestTransfer));
  if (count < 0) return Status::Failed("write", errno);
  *written = static_cast<size_t>(count);
  return Status::Ok();
}

Status WriteAt(const Descriptor& file, uint64_t offset, const uint8_t* data, size_t size, size_t* written) {
  const ssize_t count =
      pwrite(Number(file), data, std::min(size, kLargestTransfer), static_cast<off_t>(offset));
  if (count < 0) return Status::Failed("write", errno);
  *written = static_cast<size_t>(count);
  return Status::Ok();
}

Status SetOwner(const Descriptor& file, uint32_t uid, uint32_t gid) {
  return Checked(fchown(Number(file), uid, gid), "fchown");
}

Status SetMode(const Descriptor& file, uint32_t mode) {
  return Checked(fchmod(Number(file), mode), "fchmod");
}

Status Duplicate(const Descriptor& file, Descriptor* duplicate) {
  const int descriptor = fcntl(Number(file), F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) return Status::Failed("fcntl", errno);
  *duplicate = Descriptor(descriptor);
  return Status::Ok();
}

Status Rename(const Directory& from_directory, const std::string& from, const Directory& to_directory,
              const std::string& to) {
  return Checked(renameat(Number(from_directory), from.c_str(), Number(to_directory), to.c_str()), "rename");
}

Status MakeSymlink(const std::string& target, const Directory& directory, const std::string& name) {
  return Checked(symlinkat(target.c_str(), Number(directory), name.c_str()), "symlink");
}

Status Link(const Directory& from_directory, const std::string& from, const Directory& to_directory,
            const std::string& to) {
  return Checked(linkat(Number(from_directory), from.c_str(), Number(to_directory), to.c_str(), 0), "link");
}

Status Unlink(const Directory& directory, const std::string& name) {
  return Checked(unlinkat(Number(directory), name.c_str(), 0), "unlink");
}

Status RemoveDirectory(const Directory& directory, const std::string& name) {
  return Checked(unlinkat(Number(directory), name.c_str(), AT_REMOVEDIR), "rmdir");
}

uint32_t EffectiveUser() { return geteuid(); }

bool StartThread(Task body) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  auto owned = std::make_unique<Task>(std::move(body));
  pthread_t thread;
  const bool started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                       pthread_attr_setstacksize(&attributes, kStackSize) == 0 &&
                       pthread_create(
                           &thread, &attributes,
                           [](void* argument) -> void* {
                             const std::unique_ptr<Task> run(static_cast<Task*>(argument));
                             (*run)();
                             return nullptr;
                           },
                           owned.get()) == 0;
  if (started) static_cast<void>(owned.release());
  pthread_attr_destroy(&attributes);
  return started;
}

void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  // Signals that report a fault of this thread must reach it.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&all, fault);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

Status RenameClassic(const Directory&, const std::string&, const Directory&, const std::string&, bool) {
  return Status::Failed("rename", ENOSYS);
}

const int kStale = ESTALE;

const size_t kPathMax = PATH_MAX;

// An open file can be renamed and replaced.
bool MayBeBusy(int) { return false; }

bool OpenFilesMayBlockRenames() { return false; }

void Pause(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

bool AtExit(void (*function)()) { return std::atexit(function) == 0; }

}  // namespace indelible::platform
