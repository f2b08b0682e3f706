#include <copyfile.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "posix.h"

namespace indelible::platform {

using posix::AttributesOf;
using posix::Checked;
using posix::EntryOf;
using posix::KindOf;
using posix::Number;

namespace {

// Those flags of chflags(2) that a user sets and that mean the same on another file.
constexpr uint32_t kKeptFlags = UF_NODUMP | UF_HIDDEN | UF_OPAQUE;

Status CopyPart(const Directory& directory, const std::string& name, const Descriptor& file,
                copyfile_flags_t part) {
  Descriptor from;
  Status status = OpenToRead(directory, name, &from);
  if (!status.ok()) return status;
  return Checked(fcopyfile(Number(from), Number(file), nullptr, part), "copyfile");
}

int RenameWithFlags(const Directory& from_directory, const std::string& from, const Directory& to_directory,
                    const std::string& to, unsigned flags) {
  return renameatx_np(Number(from_directory), from.c_str(), Number(to_directory), to.c_str(), flags);
}

int64_t Nanoseconds(const struct timespec& time) { return int64_t{time.tv_sec} * 1000000000 + time.tv_nsec; }

}  // namespace

Entry posix::EntryOf(const struct stat& info) {
  Entry entry;
  entry.kind = KindOf(info.st_mode);
  entry.attributes = AttributesOf(info);
  entry.size = static_cast<uint64_t>(info.st_size);
  entry.identity.major = static_cast<uint32_t>(major(info.st_dev));
  entry.identity.minor = static_cast<uint32_t>(minor(info.st_dev));
  entry.identity.inode = info.st_ino;
  entry.links = info.st_nlink;
  return entry;
}

bool posix::FindVersion(int descriptor, const char* name, FileVersion* version) {
  struct stat info = {};
  const int found =
      name == nullptr ? fstat(descriptor, &info) : fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW);
  if (found != 0) return false;
  version->exists = true;
  version->device = static_cast<uint64_t>(info.st_dev);
  version->inode = info.st_ino;
  version->size = static_cast<uint64_t>(info.st_size);
  version->modified = Nanoseconds(info.st_mtimespec);
  version->changed = Nanoseconds(info.st_ctimespec);
  return true;
}

Status AskServer(const Directory&, const std::string&) { return Status::Ok(); }

Status AskServerForEnd(const Descriptor&) { return Status::Ok(); }

Status OpenDirectory(const Directory* base, const std::string& path, Directory* directory) {
  const int from = base == nullptr ? AT_FDCWD : Number(*base);
  int descriptor = openat(from, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  directory->syncable = descriptor >= 0;
#ifdef O_SEARCH
  // Only for entering the directory. Since macOS 12.
  if (descriptor < 0 && errno == EACCES) {
    descriptor = openat(from, path.c_str(), O_SEARCH | O_DIRECTORY | O_CLOEXEC);
  }
#endif
  if (descriptor < 0) return Status::Failed("open", errno);
  directory->descriptor = Descriptor(descriptor);
  directory->path = posix::PathFrom(base, path);
  return Status::Ok();
}

Status OpenWithoutLinks(const Directory* base, const std::string& path, Directory* directory) {
#ifdef O_NOFOLLOW_ANY
  // Since macOS 11.
  const int from = base == nullptr ? AT_FDCWD : Number(*base);
  const int descriptor = openat(from, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW_ANY | O_CLOEXEC);
  // A directory that cannot be read is opened by OpenDirectory, after its links are seen.
  if (descriptor < 0) return Status::Failed("open", errno == EACCES ? ELOOP : errno);
  directory->syncable = true;
  directory->descriptor = Descriptor(descriptor);
  directory->path = posix::PathFrom(base, path);
  return Status::Ok();
#else
  return Status::Failed("open", ENOSYS);
#endif
}

Status OpenCached(const Directory*, const std::string&, Directory*) { return Status::Failed("open", ENOSYS); }

Status EnterDirectory(const Directory* base, const std::string& name, Directory* directory) {
  const int from = base == nullptr ? AT_FDCWD : Number(*base);
#ifdef O_SEARCH
  const int descriptor = openat(from, name.c_str(), O_SEARCH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
#else
  const int descriptor = openat(from, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
#endif
  if (descriptor < 0) return Status::Failed("open", errno);
  directory->path = posix::PathFrom(base, name);
  directory->descriptor = Descriptor(descriptor);
  directory->syncable = false;
  return Status::Ok();
}

// macOS cannot read a link by a descriptor before macOS 13. So the link is looked at before and after its
// text is read. Numbers of inodes are not used twice on APFS, and whoever can put a trusted link back in a
// sticky directory is trusted himself.
Status ReadLink(const Directory& directory, const std::string& name, SymbolicLink* link) {
  Status status = LookUp(directory, name, &link->entry);
  if (!status.ok()) return status;
  if (link->entry.kind == Entry::Kind::kMissing) return Status::Failed("readlink", ENOENT);
  if (link->entry.kind != Entry::Kind::kSymlink) return Status::Failed("readlink", EINVAL);
  char buffer[4096];
  const ssize_t length = readlinkat(Number(directory), name.c_str(), buffer, sizeof buffer);
  if (length < 0) return Status::Failed("readlink", errno);
  link->text.assign(buffer, static_cast<size_t>(length));
  Entry after;
  status = LookUp(directory, name, &after);
  if (!status.ok()) return status;
  return SameFile(after.identity, link->entry.identity) ? Status::Ok() : Status::Failed("readlink", EINVAL);
}

Status Identify(const Directory& directory, Identity* identity) {
  struct stat info = {};
  if (fstat(Number(directory), &info) != 0) return Status::Failed("fstat", errno);
  identity->major = static_cast<uint32_t>(major(info.st_dev));
  identity->minor = static_cast<uint32_t>(minor(info.st_dev));
  identity->inode = info.st_ino;
  identity->mount = 0;
  return Status::Ok();
}

Status LookUp(const Directory& directory, const std::string& name, Entry* entry) {
  *entry = Entry();
  struct stat info = {};
  if (fstatat(Number(directory), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    // On macOS a single file cannot be a mount point.
    *entry = EntryOf(info);
    return Status::Ok();
  }
  return errno == ENOENT ? Status::Ok() : Status::Failed("lstat", errno);
}

Status FillRandom(void* bytes, size_t size) {
  arc4random_buf(bytes, size);
  return Status::Ok();
}

Status CreateUnnamed(const Directory&, uint32_t, Descriptor*) { return Status::Failed("open", ENOSYS); }

// CopyAttributes copies all of them.
Status ListAttributes(const Directory&, const std::string&, std::vector<std::string>*) {
  return Status::Ok();
}

Status ListAttributes(const Descriptor&, std::vector<std::string>*) { return Status::Ok(); }

Status GetAttribute(const Descriptor&, const std::string&, std::string*) {
  return Status::Failed("getxattr", ENOSYS);
}

Status GetAttribute(const Directory&, const std::string&, const std::string&, std::string*) {
  return Status::Failed("getxattr", ENOSYS);
}

Status SetAttribute(const Descriptor&, const std::string&, const std::string&) {
  return Status::Failed("setxattr", ENOSYS);
}

Status RemoveAttribute(const Descriptor&, const std::string&) {
  return Status::Failed("removexattr", ENOSYS);
}

// No user namespaces, and no files without a name.
bool IsAmbiguousUser(uint32_t) { return false; }

bool IsAmbiguousGroup(uint32_t) { return false; }

bool MayLinkFilesOfOthers() { return true; }

Status CopyAttributes(const Directory& directory, const std::string& name, const Descriptor& file) {
  return CopyPart(directory, name, file, COPYFILE_XATTR);
}

Status CopyAccessList(const Directory& directory, const std::string& name, const Descriptor& file) {
  return CopyPart(directory, name, file, COPYFILE_ACL);
}

Status ReadFlags(const Directory& directory, const std::string& name, FileFlags* flags) {
  struct stat info = {};
  if (fstatat(Number(directory), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    return Status::Failed("lstat", errno);
  *flags = FileFlags{info.st_flags & kKeptFlags, 0};
  return Status::Ok();
}

Status ReadFlags(const Descriptor& file, FileFlags* flags) {
  struct stat info = {};
  if (fstat(Number(file), &info) != 0) return Status::Failed("fstat", errno);
  *flags = FileFlags{info.st_flags & kKeptFlags, 0};
  return Status::Ok();
}

Status ReadProjectInheritance(const Directory&, bool* inherits) {
  *inherits = false;
  return Status::Ok();
}

Status SetFlags(const Descriptor& file, const FileFlags& flags) {
  struct stat info = {};
  if (fstat(Number(file), &info) != 0) return Status::Failed("fstat", errno);
  return Checked(fchflags(Number(file), (info.st_flags & ~kKeptFlags) | flags.flags), "fchflags");
}

Status WriteBack(const Descriptor&) { return Status::Failed("sync_file_range", ENOSYS); }

Status StartWriteBack(const Descriptor&) { return Status::Failed("sync_file_range", ENOSYS); }

Status SyncBarrier(const Descriptor& file) { return Checked(fcntl(Number(file), F_BARRIERFSYNC), "fsync"); }

Status SyncData(const Descriptor& file) { return Checked(fcntl(Number(file), F_FULLFSYNC), "fsync"); }

Status SubmitFile(const Descriptor& file) { return Checked(fsync(Number(file)), "fsync"); }

Status SyncFilesystem(const Descriptor& file) {
  return Checked(fsync_volume_np(Number(file), SYNC_VOLUME_FULLSYNC | SYNC_VOLUME_WAIT), "fsync");
}

Status SyncDirectory(const Directory& directory) {
  return Checked(fcntl(Number(directory), F_FULLFSYNC), "fsync");
}

Status SubmitDirectory(const Directory& directory) { return Checked(fsync(Number(directory)), "fsync"); }

Status LinkUnnamed(const Descriptor&, const Directory&, const std::string&) {
  return Status::Failed("link", ENOSYS);
}

Status RenameExclusive(const Directory& from_directory, const std::string& from,
                       const Directory& to_directory, const std::string& to) {
  return Checked(RenameWithFlags(from_directory, from, to_directory, to, RENAME_EXCL), "rename");
}

Status Exchange(const Directory& one_directory, const std::string& one, const Directory& other_directory,
                const std::string& other) {
  return Checked(RenameWithFlags(one_directory, one, other_directory, other, RENAME_SWAP), "rename");
}

// clonefile(2) only makes new files.
Status CloneContent(const Descriptor&, const Descriptor&) { return Status::Failed("ioctl", ENOSYS); }

Status CopyRange(const Descriptor&, const Descriptor&, uint64_t, uint64_t, uint64_t*) {
  return Status::Failed("copy_file_range", ENOSYS);
}

// No call tells whether another process has a file open.
Status RemoveUnlessOpen(const Directory&, const std::string&, RemoveResult* result) {
  *result = RemoveResult::kUnknown;
  return Status::Ok();
}

Status RealPath(const Directory& directory, std::string* path) {
  char buffer[MAXPATHLEN];
  if (fcntl(Number(directory), F_GETPATH, buffer) < 0) return Status::Failed("fcntl", errno);
  *path = buffer;
  return Status::Ok();
}

std::vector<std::string> MountPoints() {
  std::vector<std::string> points;
  const int count = getfsstat(nullptr, 0, MNT_NOWAIT);
  if (count <= 0) return points;
  // A filesystem that is mounted between the two calls is missing.
  std::vector<struct statfs> mounts(static_cast<size_t>(count));
  const int got = getfsstat(mounts.data(), static_cast<int>(mounts.size() * sizeof mounts[0]), MNT_NOWAIT);
  for (int i = 0; i < got; ++i) points.emplace_back(mounts[static_cast<size_t>(i)].f_mntonname);
  return points;
}

// macOS has no notification of changes. The decision is the same for every filesystem here.
uint64_t MountTableGeneration() { return 0; }

std::string DescribeMount(const Directory&) { return std::string(); }

void StayLoaded() {
  Dl_info self = {};
  if (dladdr(reinterpret_cast<const void*>(&StayLoaded), &self) == 0) return;
  // One more reference, which is never released.
  static_cast<void>(dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE));
}

// The sandbox decides by path, so its answer is the same for every other call on the file.
bool MayBeForbidden(int) { return false; }

}  // namespace indelible::platform
