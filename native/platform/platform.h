#ifndef INDELIBLE_PLATFORM_PLATFORM_H_
#define INDELIBLE_PLATFORM_PLATFORM_H_

#include <errno.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../base/status.h"
#include "../base/unique_function.h"

// Everything that the operating system does for a save. linux.cc and macos.cc, with posix.cc for their common
// part, and windows.cc implement it. No file above makes a system call. Nothing here decides: each function
// is one call, or the same call by its older name. Errors have the numbers of the C library. A call that the
// system does not have fails with ENOSYS, and nothing is called.
namespace indelible::platform {

// Owns one descriptor and closes it. It cannot be copied: closing a descriptor twice closes another file that
// got the number meanwhile.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(intptr_t value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      const Descriptor old(Release());
      value_ = other.Release();
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  // Ignores the result: for descriptors that were only read from, or whose file is deleted.
  ~Descriptor();

  bool valid() const { return value_ >= 0; }
  intptr_t get() const { return value_; }
  intptr_t Release() { return std::exchange(value_, -1); }
  // On some filesystems (NFS, FUSE, quota) only close reports that the data could not be stored.
  Status Close();

 private:
  intptr_t value_ = -1;
};

// An open directory. Every name is looked up relative to it, so that a rename of a parent directory changes
// nothing.
struct Directory {
  Descriptor descriptor;
  // The path that it was opened by, for error messages and for finding the mount.
  std::string path;
  // False for a directory that the process may enter and write but not read: its descriptor cannot be synced.
  bool syncable = true;
  // Opened by OpenCached: calls for entries ask no server either.
  bool cached_only = false;
  // SyncDirectory is known not to return before the entries are safe.
  bool sync_waits = false;
  // Not a directory but its lock file (lock_file.h), which is open for its locks alone.
  bool lock_file = false;

  std::string PathOf(const std::string& name) const { return (path == "/" ? "" : path) + "/" + name; }
};

// The filesystem that a directory is on, and its inode.
struct Identity {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint64_t inode = 0;
  // 0 where the kernel does not report it (before Linux 5.8 without /proc).
  uint64_t mount = 0;
};

inline bool SameFile(const Identity& one, const Identity& other) {
  return one.inode == other.inode && one.major == other.major && one.minor == other.minor;
}

// A mounted filesystem, as the kernel identifies it.
struct FilesystemId {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint64_t mount = 0;

  static FilesystemId Of(const Identity& identity) {
    return FilesystemId{identity.major, identity.minor, identity.mount};
  }
  bool operator==(const FilesystemId& other) const {
    return major == other.major && minor == other.minor && mount == other.mount;
  }
  bool operator<(const FilesystemId& other) const {
    return std::tie(major, minor, mount) < std::tie(other.major, other.minor, other.mount);
  }
};

struct Attributes {
  uint32_t mode = 0;  // Twelve bits.
  uint32_t uid = 0;
  uint32_t gid = 0;
};

// The directory entry with a name, and the file that it leads to.
struct Entry {
  enum class Kind { kMissing, kFile, kDirectory, kSymlink, kOther };
  Kind kind = Kind::kMissing;
  Attributes attributes;
  // Without the mount.
  Identity identity;
  // The number of hard links.
  uint64_t links = 0;
  // Bytes of content. 0 on Windows.
  uint64_t size = 0;
  bool mount_point = false;
};

// A symbolic link. The text is that of the inode that `entry` describes, without its mount point.
struct SymbolicLink {
  Entry entry;
  std::string text;
  // The link leads to an open file, wherever its text leads (proc_pid_fd(5)).
  bool only_the_system_follows = false;
};

// An entry of a directory listing. `kind` only where the listing reports it.
struct Listed {
  std::string name;
  std::optional<Entry::Kind> kind;
};

// Identifies a version of a file. Times are in nanoseconds. Two writes in place within one tick of the
// kernel's clock that leave the size unchanged cannot be told apart (before Linux 6.13, which has finer times
// for files that are looked at).
struct FileVersion {
  bool exists = false;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t modified = 0;
  int64_t changed = 0;
  // Other machines, or a program, may have changed it: it is compared with what the server says (AskServer).
  bool ask_server = false;

  bool operator==(const FileVersion& other) const {
    return exists == other.exists && device == other.device && inode == other.inode && size == other.size &&
           modified == other.modified && changed == other.changed;
  }
};

// Opens `path`, relative to `base` unless that is null or `path` is absolute. A directory that cannot be read
// is opened for relative calls only.
Status OpenDirectory(const Directory* base, const std::string& path, Directory* directory);
// The same, but ELOOP if any component of the path is a symbolic link: openat2(2). On Windows, where links
// need no check, it is OpenDirectory.
Status OpenWithoutLinks(const Directory* base, const std::string& path, Directory* directory);
// The same, only to look names up in the directory, and only if the kernel has all of the path in memory, so
// that neither a disk nor a server is waited for. EAGAIN otherwise: openat2(2), RESOLVE_CACHED. ENOSYS before
// Linux 5.12, where a filter forbids the call, and on other platforms.
Status OpenCached(const Directory* base, const std::string& path, Directory* directory);
// Opens a directory directly in `base` only to look names up in it. A symbolic link is not followed (ENOTDIR
// or ELOOP).
Status EnterDirectory(const Directory* base, const std::string& name, Directory* directory);
// The directory where relative paths start. ENOSYS on Windows, where every path is made absolute as text.
Status OpenWorkingDirectory(Directory* directory);
// Opens a directory directly in `base` for listing. A symbolic link is not followed.
Status OpenSubdirectory(const Directory& base, const std::string& name, Directory* directory);
// The entries except `.` and `..`, in no order, and no more than `most`.
Status ListDirectory(const Directory& directory, size_t most, std::vector<Listed>* entries);
Status Identify(const Directory& directory, Identity* identity);
// A missing name is not an error: `kind` is kMissing. Symbolic links are not followed.
Status LookUp(const Directory& directory, const std::string& name, Entry* entry);
// Fails as opening the file to write would. Does not open it, so that no watcher is notified (except on
// Windows).
Status CheckWritable(const Directory& directory, const std::string& name);
// Text and owner are those of one inode, whatever another program puts in its place meanwhile. EINVAL for
// anything but a link.
Status ReadLink(const Directory& directory, const std::string& name, SymbolicLink* link);
// The file at the end of the link: its kind, attributes and identity. A dangling link gives kMissing.
Status Follow(const Directory& directory, const std::string& name, Entry* entry);
// The umask applies to `mode`.
Status MakeDirectory(const Directory& directory, const std::string& name, uint32_t mode = 0777);

// Up to 256 random bytes, from the system's secure source.
Status FillRandom(void* bytes, size_t size);
// Does not follow a symbolic link and does not wait for the other end of a FIFO.
Status OpenToRead(const Directory& directory, const std::string& name, Descriptor* file);
// The same for SyncData: Windows flushes only handles that may write.
Status OpenToSync(const Directory& directory, const std::string& name, Descriptor* file);
// Opens a file for exclusive locks. Does not follow a symbolic link and does not wait.
Status OpenToLock(const Directory& directory, const std::string& name, Descriptor* file);
// One read. `*got` is 0 at the end of the file.
Status Read(const Descriptor& file, uint8_t* data, size_t size, size_t* got);
// As LookUp, for an open file. Without the mount point.
Status Describe(const Descriptor& file, Entry* entry);
// One read from `offset`, wherever the position of the descriptor is. ENOSYS where no file lacks a name.
Status ReadAt(const Descriptor& file, uint64_t offset, uint8_t* data, size_t size, size_t* got);
// The attributes are the server's, not those that a client has cached (statx(2), AT_STATX_FORCE_SYNC).
Status ReadVersion(const Descriptor& file, FileVersion* version);
// The version of the file with this name. A missing file is a version as well, and so is one that another
// machine has replaced (ESTALE).
Status LookUpVersion(const Directory& directory, const std::string& name, FileVersion* version);
// Makes the next look at the name find the file that the server has there, not one that the client
// remembers. EAGAIN: the client's memory cannot be cleared; it expires soon.
Status AskServer(const Directory& directory, const std::string& name);
// The same for the end that reading has found. EAGAIN: the client remembers an older size.
Status AskServerForEnd(const Descriptor& file);
// Fails with EEXIST if the name exists. The umask applies to `mode`.
Status CreateFile(const Directory& directory, const std::string& name, uint32_t mode, Descriptor* file);
// A file without a name (O_TMPFILE). LinkUnnamed gives it one.
Status CreateUnnamed(const Directory& directory, uint32_t mode, Descriptor* file);
// From fstat. `*linked` is false if the file has no name any more.
Status ReadAttributes(const Descriptor& file, Attributes* attributes, bool* linked);
// The same for a write.
Status WriteAt(const Descriptor& file, uint64_t offset, const uint8_t* data, size_t size, size_t* written);
// The whole content becomes that of another file, with which it shares its blocks: FICLONE. EXDEV for files
// on two filesystems. ENOSYS on other platforms than Linux.
Status CloneContent(const Descriptor& from, const Descriptor& to);
// Copies up to `size` bytes within the kernel, from `offset` to the same offset: copy_file_range(2). ENOSYS
// on other platforms than Linux.
Status CopyRange(const Descriptor& from, const Descriptor& to, uint64_t offset, uint64_t size,
                 uint64_t* copied);
// One write. It may write less than `size`, and never more than 1 GiB.
Status Write(const Descriptor& file, const uint8_t* data, size_t size, size_t* written);
Status SetOwner(const Descriptor& file, uint32_t uid, uint32_t gid);
Status SetMode(const Descriptor& file, uint32_t mode);
// Extended attributes, xattr(7), of a directory entry (of a symbolic link itself) and of an open file. A
// filesystem without extended attributes lists none.
Status ListAttributes(const Directory& directory, const std::string& name,
                      std::vector<std::string>* attributes);
Status ListAttributes(const Descriptor& file, std::vector<std::string>* attributes);
Status GetAttribute(const Descriptor& file, const std::string& attribute, std::string* value);
Status GetAttribute(const Directory& directory, const std::string& name, const std::string& attribute,
                    std::string* value);
Status SetAttribute(const Descriptor& file, const std::string& attribute, const std::string& value);
// ENODATA if the file has no such attribute.
Status RemoveAttribute(const Descriptor& file, const std::string& attribute);

// Copies all of them in one call, where the system has one: copyfile(3) of macOS with COPYFILE_XATTR. ENOSYS
// on other platforms.
Status CopyAttributes(const Directory& directory, const std::string& name, const Descriptor& file);
// Copies the access control list of a directory entry, where the list is not an extended attribute:
// copyfile(3) of macOS with COPYFILE_ACL; on Windows the discretionary list of the security descriptor.
// ENOSYS on Linux.
Status CopyAccessList(const Directory& directory, const std::string& name, const Descriptor& file);

// File flags that a copy of a file keeps (no dump, no access time, synchronous), and the project that its
// space counts for: ioctl_fsgetxattr(2).
struct FileFlags {
  uint32_t flags = 0;
  uint32_t project = 0;
};
Status ReadFlags(const Directory& directory, const std::string& name, FileFlags* flags);
Status ReadFlags(const Descriptor& file, FileFlags* flags);
// `*inherits`: new files in the directory get its project, and no file of another project can be renamed into
// it.
Status ReadProjectInheritance(const Directory& directory, bool* inherits);
Status SetFlags(const Descriptor& file, const FileFlags& flags);

// Starts writing all dirty pages of the file to the device and waits for that, without flushing the device's
// cache or committing a journal: sync_file_range(2) with all three flags. On ext4 with data=ordered and on
// XFS the block mapping and the size are in the running transaction, or the log, when it returns.
Status WriteBack(const Descriptor& file);
// Starts the writeback of the file's data without waiting for it. WriteBack awaits it and reports its errors.
Status StartWriteBack(const Descriptor& file);
// The data, and the metadata that is needed to read it back, reach stable storage before anything that is
// written later: F_BARRIERFSYNC of macOS. ENOSYS on other platforms.
Status SyncBarrier(const Descriptor& file);
// The data, and the metadata that is needed to read it back, are on stable storage: fdatasync(2),
// F_FULLFSYNC, FlushFileBuffers.
Status SyncData(const Descriptor& file);
// Data and metadata are submitted to the device, which may write them in any order and lose them: fsync(2) of
// macOS. ENOSYS on other platforms.
Status SubmitFile(const Descriptor& file);
// Everything dirty on the filesystem of the file is on stable storage.
Status SyncFilesystem(const Descriptor& file);
// SyncData and SubmitFile for the entries of a directory.
Status SyncDirectory(const Directory& directory);
Status SubmitDirectory(const Directory& directory);
// A second descriptor of the same open file. On Windows it cannot write:
// programs that do not share their files with writers cannot open a file while a handle can write.
Status Duplicate(const Descriptor& file, Descriptor* duplicate);

Status LinkUnnamed(const Descriptor& file, const Directory& directory, const std::string& name);
// Replaces `to`, also while other programs have it open: rename(2); on Windows with POSIX semantics, and
// written through.
Status Rename(const Directory& from_directory, const std::string& from, const Directory& to_directory,
              const std::string& to);
// Fails with EEXIST if `to` exists.
Status RenameExclusive(const Directory& from_directory, const std::string& from,
                       const Directory& to_directory, const std::string& to);
// The older call of Windows, which fails while `to` is open. FAT and many servers have only this one. ENOSYS
// on other platforms.
Status RenameClassic(const Directory& from_directory, const std::string& from, const Directory& to_directory,
                     const std::string& to, bool replace);
// Exchanges the two entries atomically. EINVAL where the filesystem has no such call.
Status Exchange(const Directory& one_directory, const std::string& one, const Directory& other_directory,
                const std::string& other);
Status MakeSymlink(const std::string& target, const Directory& directory, const std::string& name);
// A symbolic link is not followed.
Status Link(const Directory& from_directory, const std::string& from, const Directory& to_directory,
            const std::string& to);
Status Unlink(const Directory& directory, const std::string& name);
Status RemoveDirectory(const Directory& directory, const std::string& name);

// The effective user id. 0 where users have no numbers.
uint32_t EffectiveUser();
// Whether the number may stand for users, or groups, that the user namespace of the process does not map
// (user_namespaces(7), "Unmapped user and group IDs").
bool IsAmbiguousUser(uint32_t uid);
bool IsAmbiguousGroup(uint32_t gid);
// Whether the process may link a file without a name that belongs to another user (fs.protected_hardlinks,
// proc(5)).
bool MayLinkFilesOfOthers();

// Whether the error means that the call does not exist here, as opposed to having failed.
inline bool IsUnsupported(int error) {
  return error == ENOSYS || error == ENOTSUP || error == EOPNOTSUPP || error == EINVAL || error == ENOTTY;
}
// The error for a file that another machine has replaced on the server.
extern const int kStale;
// A path with this many bytes is too long (path_resolution(7)).
extern const size_t kPathMax;
// Whether the error may mean that a filter or a security module (seccomp, AppArmor) forbids the call as such.
// It may also mean that the process lacks permission for this file.
bool MayBeForbidden(int error);
// Whether the cause may be another program that has the file open, so that the call may succeed later.
bool MayBeBusy(int error);
// Whether an open file may block its replacement, depending on its filesystem.
bool OpenFilesMayBlockRenames();
void Pause(std::chrono::milliseconds time);

// Removes the file `name` if no process has it open for writing. kUnknown: that cannot be told, or the name
// is not that of a file.
enum class RemoveResult { kRemoved, kOpen, kUnknown };
Status RemoveUnlessOpen(const Directory& directory, const std::string& name, RemoveResult* result);

// The path of the directory without symbolic links.
Status RealPath(const Directory& directory, std::string* path);
// The mount points, as paths without symbolic links. Empty where the system hides them.
std::vector<std::string> MountPoints();
// A number that changes whenever the mount table of the process changes. 0 where changes cannot be seen.
uint64_t MountTableGeneration();
// Bytes that are the same as before only if the directory is still on the same mount, no later one with the
// same numbers, and that filesystem still has the same options. Empty where the system does not tell that.
std::string DescribeMount(const Directory& directory);

// Converts the caller's paths to '/' between the names, as everything above platform/ expects them, and back.
std::string GenericPath(std::string path);
std::string SystemPath(std::string path);

// Runs `function` at process exit, while the threads still run. False where no such hook exists: on Windows a
// library is notified after all other threads have ended.
[[nodiscard]] bool AtExit(void (*function)());
// Keeps the code of this library in memory until the process ends, also after it is unloaded.
void StayLoaded();

// Runs `body` on a new, detached thread. False where the system refuses another thread.
[[nodiscard]] bool StartThread(Task body);
// Blocks signals on this thread, so that they are delivered to the program's own threads.
void BlockSignals();

}  // namespace indelible::platform

#endif  // INDELIBLE_PLATFORM_PLATFORM_H_
