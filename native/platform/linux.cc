#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>

#include "mutex.h"
#include "posix.h"

// musl has statx(2) only since 1.2.5 (March 2024). A binary that is built on an older musl runs on both.
#ifndef STATX_TYPE
#include <linux/stat.h>
static int statx(int directory, const char* path, int flags, unsigned int mask, struct statx* out) {
  return static_cast<int>(syscall(SYS_statx, directory, path, flags, mask, out));
}
#endif

// Values of the kernel's interface that older C libraries (glibc 2.28, musl) do not define.
// include/uapi/linux/stat.h, include/uapi/linux/fs.h.
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x00001000U
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U
#endif
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif
#ifndef AT_STATX_FORCE_SYNC
#define AT_STATX_FORCE_SYNC 0x2000
#endif
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1 << 0)
#endif
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

#ifndef SYS_openat2
// The same for every architecture of these binaries.
#define SYS_openat2 437
#endif

namespace indelible::platform {

using posix::AttributesOf;
using posix::Checked;
using posix::EntryOf;
using posix::KindOf;
using posix::Number;

namespace {

constexpr mode_t kStatxModeBits = 07777;

// Those flags of ioctl_fsgetxattr(2) that mean the same on another file.
constexpr uint32_t kKeptFlags = FS_XFLAG_SYNC | FS_XFLAG_NOATIME | FS_XFLAG_NODUMP | FS_XFLAG_NODEFRAG;

// Most lists of attributes, and most values, are shorter.
constexpr size_t kFirstAttributeSize = 256;

// The offset of stx_mnt_id in struct statx. The declaration in the C library may be older than the field.
constexpr size_t kMountIdOffset = 0x90;

// struct open_how, RESOLVE_NO_SYMLINKS and RESOLVE_CACHED (openat2(2), include/uapi/linux/openat2.h), which
// older headers do not have.
struct OpenHow {
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};
constexpr uint64_t kNoSymlinks = 0x04;
constexpr uint64_t kCached = 0x20;

// PROC_SUPER_MAGIC (statfs(2)).
constexpr auto kProcfs = 0x9fa0;

// statx(2) is missing before Linux 4.11, and the system call filter of a container may forbid it. fstatat
// then gives everything except the mount, which /proc tells. After the first success of fstatat where statx
// has failed, no thread tries statx again.
std::atomic<bool> statx_unavailable{false};

// The same as statx, or -1 with ENOSYS if it is known to be unavailable.
int TryStatx(int directory, const char* path, int flags, unsigned int mask, struct statx* info) {
  if (!statx_unavailable) return statx(directory, path, flags, mask, info);
  errno = ENOSYS;
  return -1;
}

// statx(2): a network filesystem answers with what it knows.
int SyncFlag(const Directory& directory) { return directory.cached_only ? AT_STATX_DONT_SYNC : 0; }

// EACCES and the like may also concern the file. fstatat then fails as well.
bool MayBeStatxItself(int error) { return IsUnsupported(error) || MayBeForbidden(error); }

// By number: glibc has renameat2 since 2.28, musl since 1.2.6.
int RenameWithFlags(const Directory& from_directory, const std::string& from, const Directory& to_directory,
                    const std::string& to, unsigned flags) {
  return static_cast<int>(
      syscall(SYS_renameat2, Number(from_directory), from.c_str(), Number(to_directory), to.c_str(), flags));
}

// A name in a directory, for calls that have no form relative to a directory.
std::string ProcPath(const Directory& directory, const std::string& name) {
  return "/proc/self/fd/" + std::to_string(directory.descriptor.get()) + "/" + name;
}

// By number, as C libraries do not have them: since Linux 6.13 (include/uapi/linux/xattr.h).
constexpr long kGetXattrAt = 464;
constexpr long kListXattrAt = 465;
struct XattrArguments {
  alignas(8) uint64_t value;
  uint32_t size;
  uint32_t flags;
};

// Since Linux 6.17: struct file_attr and its call (include/uapi/linux/fs.h).
constexpr long kFileGetAttr = 468;
struct FileAttributes {
  uint64_t xflags;
  uint32_t extent_size;
  uint32_t extents;
  uint32_t project;
  uint32_t copy_extent_size;
};

// Calls that an older kernel lacks, or a system call filter forbids, and whose older way has worked. No
// thread tries them again.
std::atomic<bool> xattr_at_unavailable{false};
std::atomic<bool> file_getattr_unavailable{false};

ssize_t ListXattrAt(int directory, const char* name, char* names, size_t size) {
  return syscall(kListXattrAt, directory, name, AT_SYMLINK_NOFOLLOW, names, size);
}

ssize_t GetXattrAt(int directory, const char* name, const char* attribute, char* data, size_t size) {
  const XattrArguments arguments = {reinterpret_cast<uintptr_t>(data), static_cast<uint32_t>(size), 0};
  return syscall(kGetXattrAt, directory, name, AT_SYMLINK_NOFOLLOW, attribute, &arguments, sizeof arguments);
}

// statmount(2), since Linux 6.8: struct mnt_id_req and struct statmount of include/uapi/linux/mount.h.
constexpr long kStatmount = 457;
constexpr uint64_t kSuperBlock = 0x01;
// Since Linux 6.11.
constexpr uint64_t kMountOptions = 0x80;
struct MountRequest {
  uint32_t size;
  uint32_t spare;
  uint64_t id;
  uint64_t mask;
};
struct MountInfo {
  uint32_t size;
  // Where the options begin in `text`.
  uint32_t options;
  uint64_t mask;
  uint32_t device[2];
  uint64_t magic;
  uint32_t flags;
  uint32_t type;
  uint64_t other[59];
  // Longer than the options of nearly all mounts; longer ones fail with EOVERFLOW.
  char text[4096];
};
static_assert(offsetof(MountInfo, text) == 512);

// Whether statmount reports the options of a filesystem. If there are none, it does not say whether it would.
bool StatmountHasOptions() {
  static const bool has = [] {
    struct utsname system = {};
    unsigned major = 0;
    unsigned minor = 0;
    return uname(&system) == 0 && sscanf(system.release, "%u.%u", &major, &minor) == 2 &&
           std::tie(major, minor) >= std::make_tuple(6U, 11U);
  }();
  return has;
}

// EPERM: the system call filter of an old container.
bool MayLackCall(const Status& status) {
  return status.error() == ENOSYS || status.error() == EPERM || status.error() == EACCES;
}

// ENOENT: either the file is missing, or /proc is. EACCES: a sandbox may hide /proc.
bool MayLackProc(const Status& status) {
  return status.error() == ENOENT || status.error() == ENOTDIR || status.error() == EACCES ||
         status.error() == EPERM || status.error() == ENOSYS;
}

// `newer`, or `older` where the system lacks the newer call.
template <typename Newer, typename Older>
Status WithOlderCall(std::atomic<bool>* unavailable, const Newer& newer, const Older& older) {
  if (*unavailable) return older();
  const Status status = newer();
  const bool lacks_call = MayLackCall(status);
  if (!lacks_call && !IsUnsupported(status.error())) return status;
  Status second = older();
  if (second.ok() && lacks_call) *unavailable = true;
  return second;
}

template <typename Call>
Status ReadGrowing(Call call, const char* syscall, std::string* bytes) {
  // On the stack, since most files have no attribute.
  char first[kFirstAttributeSize];
  ssize_t length = call(first, sizeof first);
  if (length >= 0) bytes->assign(first, static_cast<size_t>(length));
  while (length < 0) {
    // Longer than the first guess, or it has grown since it was measured.
    if (errno != ERANGE) return Status::Failed(syscall, errno);
    const ssize_t needed = call(nullptr, 0);
    if (needed < 0) return Status::Failed(syscall, errno);
    bytes->resize(static_cast<size_t>(needed) + 1);
    length = call(bytes->data(), bytes->size());
    if (length >= 0) bytes->resize(static_cast<size_t>(length));
  }
  return Status::Ok();
}

template <typename Call>
Status ListWith(Call call, std::vector<std::string>* attributes) {
  attributes->clear();
  std::string names;
  const Status status = ReadGrowing(call, "listxattr", &names);
  if (status.error() == ENOTSUP) return Status::Ok();
  if (!status.ok()) return status;
  for (size_t begin = 0; begin < names.size();) {
    attributes->emplace_back(names.c_str() + begin);
    begin += attributes->back().size() + 1;
  }
  return Status::Ok();
}

template <typename Call>
Status GetWith(Call call, std::string* value) {
  return ReadGrowing(call, "getxattr", value);
}

// The content of a small file of /proc. Empty if it cannot be read.
std::string ReadProc(const char* path) {
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  char buffer[256];
  const ssize_t length = file.valid() ? read(Number(file), buffer, sizeof buffer) : 0;
  return length > 0 ? std::string(buffer, static_cast<size_t>(length)) : std::string();
}

// The number of users or groups that are not mapped. Usually 65534 (kernel/sys.c, DEFAULT_OVERFLOWUID).
uint32_t OverflowId(const char* path) {
  const std::string configured = ReadProc(path);
  return configured.empty() ? 65534 : static_cast<uint32_t>(strtoul(configured.c_str(), nullptr, 10));
}

// user_namespaces(7): three numbers a line. The initial namespace maps all ids.
bool MapsAllIds(const char* path) {
  const std::string map = ReadProc(path);
  unsigned inside = 1;
  unsigned outside = 1;
  unsigned count = 0;
  return sscanf(map.c_str(), "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 && outside == 0 &&
         count == UINT32_MAX;
}

// Since Linux 3.15 (proc_pid_fdinfo(5)). statx tells it since Linux 5.8. 0 if /proc is not mounted.
uint64_t MountIdFromProc(const Directory& directory) {
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", Number(directory));
  const std::string text = ReadProc(path);
  static const char kLabel[] = "\nmnt_id:";
  const size_t at = text.find(kLabel);
  return at == std::string::npos ? 0 : strtoull(text.c_str() + at + sizeof kLabel - 1, nullptr, 10);
}

template <typename Time>
int64_t Nanoseconds(const Time& time) {
  return int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

// The fifth field, proc_pid_mountinfo(5). Space, tab, newline and backslash are written as three octal
// digits.
std::string MountPointIn(const std::string& line) {
  size_t begin = 0;
  for (int field = 1; field < 5; ++field) {
    begin = line.find(' ', begin);
    if (begin == std::string::npos) return std::string();
    ++begin;
  }
  std::string point;
  for (size_t i = begin; i < line.size() && line[i] != ' '; ++i) {
    if (line[i] == '\\' && i + 3 < line.size()) {
      point.push_back(
          static_cast<char>((line[i + 1] - '0') << 6 | (line[i + 2] - '0') << 3 | (line[i + 3] - '0')));
      i += 3;
    } else {
      point.push_back(line[i]);
    }
  }
  return point;
}

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

// Only filesystems that have a server take notice of AT_STATX_FORCE_SYNC (fs/fuse/dir.c, fs/nfs/inode.c).
bool posix::FindVersion(int descriptor, const char* name, FileVersion* version) {
  const char* const path = name == nullptr ? "" : name;
  const int flags = name == nullptr ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
  struct statx info = {};
  if (TryStatx(descriptor, path, flags | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &info) == 0) {
    version->exists = true;
    version->device = makedev(info.stx_dev_major, info.stx_dev_minor);
    version->inode = info.stx_ino;
    version->size = info.stx_size;
    version->modified = Nanoseconds(info.stx_mtime);
    version->changed = Nanoseconds(info.stx_ctime);
    return true;
  }
  struct stat old = {};
  if (!MayBeStatxItself(errno) || fstatat(descriptor, path, &old, flags) != 0) return false;
  statx_unavailable = true;
  version->exists = true;
  version->device = old.st_dev;
  version->inode = old.st_ino;
  version->size = static_cast<uint64_t>(old.st_size);
  version->modified = Nanoseconds(old.st_mtim);
  version->changed = Nanoseconds(old.st_ctim);
  return true;
}

// NFS takes a name as it remembers it while the directory seems unchanged, and FUSE for a second. An open
// then fails with ESTALE if that file is gone, but its client may have the content in memory (GlusterFS:
// md-cache, quick-read), or the file may have another name by now.
Status AskServer(const Directory& directory, const std::string& name) {
  FileVersion remembered;
  // NFS: the names in a directory are looked up again when it has changed (fs/nfs/dir.c,
  // nfs_check_verifier).
  posix::FindVersion(Number(directory), nullptr, &remembered);
  // GlusterFS: no client answers this one by itself. ESTALE for a file that is gone makes the kernel and the
  // client look the name up again; one that has only lost the name has others
  // (xlators/storage/posix/src/posix-gfid-path.c, posix_get_gfid2path: all paths, with colons between them).
  // One that is still open on the server has no name at all: ENODATA, as where this attribute is unknown.
  const std::string attribute("glusterfs.gfidtopath");
  std::string paths;
  std::string wanted("/");
  wanted.append(name).push_back(':');
  const bool named = GetAttribute(directory, name, attribute, &paths).ok()
                         ? paths.append(":").find(wanted) != std::string::npos
                         : !GetAttribute(directory, ".", attribute, &paths).ok() ||
                               !posix::FindVersion(Number(directory), name.c_str(), &remembered);
  return named ? Status::Ok() : Status::Failed("open", EAGAIN);
}

// A client that has listed the directory while the file was written remembers its size at that time, and
// reads no further (fs/fuse/file.c, fuse_direct_IO and generic_file_read_iter; GlusterFS: md-cache, which
// also answers AT_STATX_FORCE_SYNC). It leaves this question to the server.
Status AskServerForEnd(const Descriptor& file) {
  const off_t end = lseek(Number(file), 0, SEEK_CUR);
  if (lseek(Number(file), end, SEEK_HOLE) >= 0) return Status::Failed("read", EAGAIN);
  // ENXIO: it is the end (lseek(2)).
  return errno == ENXIO || IsUnsupported(errno) ? Status::Ok() : Status::Failed("read", errno);
}

Status OpenDirectory(const Directory* base, const std::string& path, Directory* directory) {
  const int from = base == nullptr ? AT_FDCWD : Number(*base);
  int descriptor = openat(from, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  directory->syncable = descriptor >= 0;
  if (descriptor < 0 && errno == EACCES) {
    descriptor = openat(from, path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  if (descriptor < 0) return Status::Failed("open", errno);
  directory->descriptor = Descriptor(descriptor);
  directory->path = posix::PathFrom(base, path);
  return Status::Ok();
}

Status OpenWithoutLinks(const Directory* base, const std::string& path, Directory* directory) {
  const int from = base == nullptr ? AT_FDCWD : Number(*base);
  OpenHow how = {O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, kNoSymlinks};
  auto descriptor = static_cast<int>(syscall(SYS_openat2, from, path.c_str(), &how, sizeof how));
  directory->syncable = descriptor >= 0;
  if (descriptor < 0 && errno == EACCES) {
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    descriptor = static_cast<int>(syscall(SYS_openat2, from, path.c_str(), &how, sizeof how));
  }
  if (descriptor < 0) return Status::Failed("open", errno);
  directory->descriptor = Descriptor(descriptor);
  directory->path = posix::PathFrom(base, path);
  return Status::Ok();
}

// The path is walked without sleeping (fs/namei.c, LOOKUP_CACHED), and O_PATH opens nothing of the
// filesystem.
Status OpenCached(const Directory* base, const std::string& path, Directory* directory) {
  static std::atomic<bool> unavailable{false};
  if (unavailable) return Status::Failed("open", ENOSYS);
  OpenHow how = {O_PATH | O_DIRECTORY | O_CLOEXEC, 0, kNoSymlinks | kCached};
  const int from = base == nullptr ? AT_FDCWD : Number(*base);
  const auto descriptor = static_cast<int>(syscall(SYS_openat2, from, path.c_str(), &how, sizeof how));
  if (descriptor < 0) {
    const int error = errno;
    unavailable = error == ENOSYS || error == EINVAL || error == EPERM;
    return Status::Failed("open", unavailable ? ENOSYS : error);
  }
  directory->descriptor = Descriptor(descriptor);
  directory->path = posix::PathFrom(base, path);
  directory->syncable = false;
  directory->cached_only = true;
  return Status::Ok();
}

Status EnterDirectory(const Directory* base, const std::string& name, Directory* directory) {
  // With O_DIRECTORY, so that a directory that is mounted on demand is mounted (path_resolution(7)).
  const int descriptor = openat(base == nullptr ? AT_FDCWD : Number(*base), name.c_str(),
                                O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return Status::Failed("open", errno);
  directory->path = posix::PathFrom(base, name);
  directory->descriptor = Descriptor(descriptor);
  directory->syncable = false;
  return Status::Ok();
}

Status ReadLink(const Directory& directory, const std::string& name, SymbolicLink* link) {
  const Descriptor opened(openat(Number(directory), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!opened.valid()) return Status::Failed("open", errno);
  Status status = Describe(opened, &link->entry);
  if (!status.ok()) return status;
  if (link->entry.kind != Entry::Kind::kSymlink) return Status::Failed("readlink", EINVAL);
  // The text of a link is shorter than PATH_MAX (symlink(2)), so one call reads all of it.
  char buffer[4096];
  const ssize_t length = readlinkat(Number(opened), "", buffer, sizeof buffer);
  if (length < 0) return Status::Failed("readlink", errno);
  link->text.assign(buffer, static_cast<size_t>(length));
  // The directory is asked. Servers of FUSE filesystems follow the link itself: GlusterFS then answers ESTALE
  // (xlators/storage/posix/src/posix-inode-fd-ops.c, posix_statfs), and bindfs waits for itself for ever if
  // the link leads into its own mount.
  struct statfs filesystem = {};
  if (fstatfs(Number(directory), &filesystem) == 0) {
    link->only_the_system_follows = filesystem.f_type == kProcfs;
    return Status::Ok();
  }
  if (!IsUnsupported(errno) && !MayBeForbidden(errno)) return Status::Failed("statfs", errno);
  // A filter forbids the call. The device of /proc shows the same, unless it is mounted elsewhere as well.
  struct stat proc = {};
  const Identity& identity = link->entry.identity;
  link->only_the_system_follows = stat("/proc/self", &proc) == 0 && major(proc.st_dev) == identity.major &&
                                  minor(proc.st_dev) == identity.minor;
  return Status::Ok();
}

Status Identify(const Directory& directory, Identity* identity) {
  struct statx info = {};
  if (TryStatx(Number(directory), "", AT_EMPTY_PATH | SyncFlag(directory), STATX_INO | STATX_MNT_ID, &info) ==
      0) {
    identity->major = info.stx_dev_major;
    identity->minor = info.stx_dev_minor;
    identity->inode = info.stx_ino;
    if ((info.stx_mask & STATX_MNT_ID) != 0) {
      memcpy(&identity->mount, reinterpret_cast<const char*>(&info) + kMountIdOffset, sizeof identity->mount);
    } else {
      identity->mount = MountIdFromProc(directory);
    }
    return Status::Ok();
  }
  // fstat may ask a server.
  if (!MayBeStatxItself(errno) || directory.cached_only) return Status::Failed("fstat", errno);
  struct stat old = {};
  if (fstat(Number(directory), &old) != 0) return Status::Failed("fstat", errno);
  statx_unavailable = true;
  identity->major = major(old.st_dev);
  identity->minor = minor(old.st_dev);
  identity->inode = old.st_ino;
  identity->mount = MountIdFromProc(directory);
  return Status::Ok();
}

Status LookUp(const Directory& directory, const std::string& name, Entry* entry) {
  *entry = Entry();
  struct statx info = {};
  if (TryStatx(Number(directory), name.c_str(), AT_SYMLINK_NOFOLLOW | SyncFlag(directory),
               STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID | STATX_INO | STATX_NLINK | STATX_SIZE,
               &info) == 0) {
    entry->kind = KindOf(info.stx_mode);
    entry->attributes = Attributes{info.stx_mode & kStatxModeBits, info.stx_uid, info.stx_gid};
    entry->identity = Identity{info.stx_dev_major, info.stx_dev_minor, info.stx_ino, 0};
    entry->links = info.stx_nlink;
    entry->size = info.stx_size;
    entry->mount_point = (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    return Status::Ok();
  }
  if (MayBeStatxItself(errno)) {
    struct stat old = {};
    if (fstatat(Number(directory), name.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0) {
      statx_unavailable = true;
      *entry = EntryOf(old);
      return Status::Ok();
    }
  }
  return errno == ENOENT ? Status::Ok() : Status::Failed("lstat", errno);
}

Status FillRandom(void* bytes, size_t size) {
  ssize_t got = getrandom(bytes, size, 0);
  if (got < 0 && (IsUnsupported(errno) || MayBeForbidden(errno))) {
    // random(4): the same source.
    const Descriptor device(open("/dev/urandom", O_RDONLY | O_CLOEXEC));
    if (!device.valid()) return Status::Failed("open", errno);
    got = read(Number(device), bytes, size);
  }
  // getrandom(2) returns up to 256 bytes completely.
  if (got < 0 || static_cast<size_t>(got) != size) return Status::Failed("getrandom", got < 0 ? errno : EIO);
  return Status::Ok();
}

Status CreateUnnamed(const Directory& directory, uint32_t mode, Descriptor* file) {
  const int descriptor = openat(Number(directory), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
  if (descriptor < 0) return Status::Failed("open", errno);
  *file = Descriptor(descriptor);
  return Status::Ok();
}

Status ListAttributes(const Descriptor& file, std::vector<std::string>* attributes) {
  return ListWith([&](char* names, size_t size) { return flistxattr(Number(file), names, size); },
                  attributes);
}

Status GetAttribute(const Descriptor& file, const std::string& attribute, std::string* value) {
  return GetWith(
      [&](char* data, size_t size) { return fgetxattr(Number(file), attribute.c_str(), data, size); }, value);
}

Status ListAttributes(const Directory& directory, const std::string& name,
                      std::vector<std::string>* attributes) {
  return WithOlderCall(
      &xattr_at_unavailable,
      [&] {
        return ListWith(
            [&](char* names, size_t size) {
              return ListXattrAt(Number(directory), name.c_str(), names, size);
            },
            attributes);
      },
      [&] {
        const std::string path = ProcPath(directory, name);
        Status status = ListWith(
            [&](char* names, size_t size) { return llistxattr(path.c_str(), names, size); }, attributes);
        if (!MayLackProc(status)) return status;
        Descriptor file;
        const Status opened = OpenToRead(directory, name, &file);
        return opened.ok() ? ListAttributes(file, attributes) : opened;
      });
}

Status GetAttribute(const Directory& directory, const std::string& name, const std::string& attribute,
                    std::string* value) {
  return WithOlderCall(
      &xattr_at_unavailable,
      [&] {
        return GetWith(
            [&](char* data, size_t size) {
              return GetXattrAt(Number(directory), name.c_str(), attribute.c_str(), data, size);
            },
            value);
      },
      [&] {
        const std::string path = ProcPath(directory, name);
        Status status = GetWith(
            [&](char* data, size_t size) { return lgetxattr(path.c_str(), attribute.c_str(), data, size); },
            value);
        if (!MayLackProc(status)) return status;
        Descriptor file;
        const Status opened = OpenToRead(directory, name, &file);
        return opened.ok() ? GetAttribute(file, attribute, value) : opened;
      });
}

Status SetAttribute(const Descriptor& file, const std::string& attribute, const std::string& value) {
  return Checked(fsetxattr(Number(file), attribute.c_str(), value.data(), value.size(), 0), "setxattr");
}

Status RemoveAttribute(const Descriptor& file, const std::string& attribute) {
  return Checked(fremovexattr(Number(file), attribute.c_str()), "removexattr");
}

// On Linux both are extended attributes.
Status CopyAttributes(const Directory&, const std::string&, const Descriptor&) {
  return Status::Failed("copyfile", ENOSYS);
}

Status CopyAccessList(const Directory&, const std::string&, const Descriptor&) {
  return Status::Failed("copyfile", ENOSYS);
}

Status ReadFlags(const Directory& directory, const std::string& name, FileFlags* flags) {
  return WithOlderCall(
      &file_getattr_unavailable,
      [&] {
        FileAttributes all = {};
        if (syscall(kFileGetAttr, Number(directory), name.c_str(), &all, sizeof all, AT_SYMLINK_NOFOLLOW) !=
            0)
          return Status::Failed("ioctl", errno);
        *flags = FileFlags{static_cast<uint32_t>(all.xflags) & kKeptFlags, all.project};
        return Status::Ok();
      },
      [&] {
        Descriptor file;
        const Status status = OpenToRead(directory, name, &file);
        return status.ok() ? ReadFlags(file, flags) : status;
      });
}

Status ReadFlags(const Descriptor& file, FileFlags* flags) {
  struct fsxattr all = {};
  if (ioctl(Number(file), FS_IOC_FSGETXATTR, &all) != 0) return Status::Failed("ioctl", errno);
  *flags = FileFlags{all.fsx_xflags & kKeptFlags, all.fsx_projid};
  return Status::Ok();
}

Status ReadProjectInheritance(const Directory& directory, bool* inherits) {
  struct fsxattr all = {};
  if (ioctl(Number(directory), FS_IOC_FSGETXATTR, &all) != 0) return Status::Failed("ioctl", errno);
  *inherits = (all.fsx_xflags & FS_XFLAG_PROJINHERIT) != 0;
  return Status::Ok();
}

Status SetFlags(const Descriptor& file, const FileFlags& flags) {
  struct fsxattr all = {};
  if (ioctl(Number(file), FS_IOC_FSGETXATTR, &all) != 0) return Status::Failed("ioctl", errno);
  all.fsx_xflags = (all.fsx_xflags & ~kKeptFlags) | flags.flags;
  all.fsx_projid = flags.project;
  return Checked(ioctl(Number(file), FS_IOC_FSSETXATTR, &all), "ioctl");
}

Status CloneContent(const Descriptor& from, const Descriptor& to) {
  return Checked(ioctl(Number(to), FICLONE, Number(from)), "ioctl");
}

Status CopyRange(const Descriptor& from, const Descriptor& to, uint64_t offset, uint64_t size,
                 uint64_t* copied) {
  auto read_at = static_cast<int64_t>(offset);
  auto write_at = read_at;
  // By number: glibc has it since 2.27, where it falls back to a copy in user space; musl since 1.1.21.
  const long count = syscall(SYS_copy_file_range, Number(from), &read_at, Number(to), &write_at, size, 0U);
  if (count < 0) return Status::Failed("copy_file_range", errno);
  *copied = static_cast<uint64_t>(count);
  return Status::Ok();
}

Status WriteBack(const Descriptor& file) {
  return Checked(
      sync_file_range(Number(file), 0, 0,
                      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER),
      "sync_file_range");
}

Status StartWriteBack(const Descriptor& file) {
  return Checked(sync_file_range(Number(file), 0, 0, SYNC_FILE_RANGE_WRITE), "sync_file_range");
}

Status SyncBarrier(const Descriptor&) { return Status::Failed("fsync", ENOSYS); }

Status SyncData(const Descriptor& file) { return Checked(fdatasync(Number(file)), "fdatasync"); }

Status SubmitFile(const Descriptor&) { return Status::Failed("fsync", ENOSYS); }

Status SyncFilesystem(const Descriptor& file) { return Checked(syncfs(Number(file)), "syncfs"); }

Status SubmitDirectory(const Directory&) { return Status::Failed("fsync", ENOSYS); }

bool IsAmbiguousUser(uint32_t uid) {
  static const uint32_t overflow = OverflowId("/proc/sys/kernel/overflowuid");
  return uid == overflow && !MapsAllIds("/proc/self/uid_map");
}

bool IsAmbiguousGroup(uint32_t gid) {
  static const uint32_t overflow = OverflowId("/proc/sys/kernel/overflowgid");
  return gid == overflow && !MapsAllIds("/proc/self/gid_map");
}

bool MayLinkFilesOfOthers() {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_FOWNER)].effective & CAP_TO_MASK(CAP_FOWNER)) != 0;
}

Status LinkUnnamed(const Descriptor& file, const Directory& directory, const std::string& name) {
  // From open(2). AT_EMPTY_PATH on the descriptor itself needs CAP_DAC_READ_SEARCH before Linux 6.10.
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", Number(file));
  return Checked(linkat(AT_FDCWD, path, Number(directory), name.c_str(), AT_SYMLINK_FOLLOW), "link");
}

Status RenameExclusive(const Directory& from_directory, const std::string& from,
                       const Directory& to_directory, const std::string& to) {
  return Checked(RenameWithFlags(from_directory, from, to_directory, to, RENAME_NOREPLACE), "rename");
}

Status Exchange(const Directory& one_directory, const std::string& one, const Directory& other_directory,
                const std::string& other) {
  return Checked(RenameWithFlags(one_directory, one, other_directory, other, RENAME_EXCHANGE), "rename");
}

Status RemoveUnlessOpen(const Directory& directory, const std::string& name, RemoveResult* result) {
  *result = RemoveResult::kUnknown;
  // O_NONBLOCK: the name may be that of a FIFO, or the file may have a lease.
  const Descriptor file(
      openat(Number(directory), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.valid()) return Status::Failed("open", errno);
  struct stat info = {};
  if (fstat(Number(file), &info) != 0) return Status::Failed("fstat", errno);
  if (!S_ISREG(info.st_mode)) return Status::Ok();
  // fcntl(2), F_SETLEASE: a read lease is refused with EAGAIN while any process has the file open for
  // writing, in whatever namespace. While the lease is held, an open for writing waits. The signal that tells
  // the holder of that is SIGIO, which ends a process, so it is replaced by one that is ignored.
  if (fcntl(Number(file), F_SETSIG, SIGURG) != 0) return Status::Ok();
  if (fcntl(Number(file), F_SETLEASE, F_RDLCK) != 0) {
    if (errno == EAGAIN) *result = RemoveResult::kOpen;
    return Status::Ok();
  }
  // Between open and lease the writer may have published the file, and the name may belong to another file by
  // now.
  struct stat named = {};
  if (fstatat(Number(directory), name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) {
    return Status::Failed("lstat", errno);
  }
  if (named.st_ino != info.st_ino || named.st_dev != info.st_dev) return Status::Ok();
  Status unlinked = Unlink(directory, name);
  if (unlinked.ok()) *result = RemoveResult::kRemoved;
  return unlinked;
}

Status RealPath(const Directory& directory, std::string* path) {
  char buffer[4096];
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", Number(directory));
  const ssize_t length = readlink(link, buffer, sizeof buffer);
  if (length < 0) return Status::Failed("readlink", errno);
  path->assign(buffer, static_cast<size_t>(length));
  return Status::Ok();
}

bool MayBeForbidden(int error) { return error == EPERM || error == EACCES; }

std::vector<std::string> MountPoints() {
  std::vector<std::string> points;
  const Descriptor table(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!table.valid()) return points;
  std::string text;
  for (;;) {
    char buffer[16384];
    const ssize_t got = read(Number(table), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer, static_cast<size_t>(got));
  }
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    points.push_back(MountPointIn(text.substr(at, end - at)));
    at = end + 1;
  }
  return points;
}

uint64_t MountTableGeneration() {
  // proc_pid_mountinfo(5): a change of the mount table, a remount included (fs/namespace.c,
  // touch_mnt_namespace), makes the file readable for POLLPRI, once.
  struct Watch {
    const int descriptor = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    Mutex mutex;
    uint64_t generation GUARDED_BY(mutex) = 1;
  };
  static Watch& watch = *new Watch();
  if (watch.descriptor < 0) return 0;
  MutexLock lock(watch.mutex);
  struct pollfd poller = {watch.descriptor, POLLPRI, 0};
  if (poll(&poller, 1, 0) > 0 && (poller.revents & (POLLPRI | POLLERR)) != 0) ++watch.generation;
  return watch.generation;
}

std::string DescribeMount(const Directory& directory) {
  struct statx info = {};
  // Without a question to the server of a network filesystem.
  if (!StatmountHasOptions() ||
      TryStatx(Number(directory), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID_UNIQUE, &info) != 0 ||
      (info.stx_mask & STATX_MNT_ID_UNIQUE) == 0) {
    return std::string();
  }
  MountRequest request = {sizeof request, 0, 0, kSuperBlock | kMountOptions};
  memcpy(&request.id, reinterpret_cast<const char*>(&info) + kMountIdOffset, sizeof request.id);
  const auto mount = std::make_unique<MountInfo>();
  if (syscall(kStatmount, &request, mount.get(), sizeof *mount, 0) != 0 || (mount->mask & kSuperBlock) == 0) {
    return std::string();
  }
  const bool has_options = (mount->mask & kMountOptions) != 0 && mount->options < sizeof mount->text;
  return std::to_string(request.id) + ' ' + std::to_string(mount->flags) + ' ' +
         (has_options ? mount->text + mount->options : "");
}

// Done by the linker (binding.gyp, -z nodelete).
void StayLoaded() {}

}  // namespace indelible::platform
