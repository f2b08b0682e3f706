#ifndef INDELIBLE_PLATFORM_PLATFORM_H_
#define INDELIBLE_PLATFORM_PLATFORM_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../base/status.h"
#include "../base/unique_function.h"

// Everything that the operating system does for a save. linux.cc and macos.cc, with posix.cc for what the two
// share, and windows.cc implement it; nothing above it makes a system call, and nothing in it decides: each
// function is one call, or the same call by its older name. Errors have the numbers of the C library. What a
// system does not have fails with ENOSYS, and makes no call.
namespace indelible::platform {

// Owns one descriptor and closes it. Copying is deleted: a descriptor closed twice closes somebody else's
// file.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(intptr_t value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  // Ignores the result: for descriptors that were only read from, or whose file is being thrown away.
  ~Descriptor();

  bool valid() const { return value_ >= 0; }
  intptr_t get() const { return value_; }
  intptr_t Release();
  // On some filesystems (NFS, FUSE, quota) only close says that the data could not be stored.
  Status Close();

 private:
  intptr_t value_ = -1;
};

// An open directory. Every name is looked up relative to it, so that renaming its parents meanwhile changes
// nothing.
struct Directory {
  Descriptor descriptor;
  // What it was opened by, for error messages and for whoever has to find the mount.
  std::string path;
  // False for a directory that may be entered and written but not read: its descriptor cannot be synced.
  bool syncable = true;
};

// Which filesystem a directory is on, and which directory it is.
struct Identity {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint64_t inode = 0;
  // 0 where the kernel does not tell (before Linux 5.8).
  uint64_t mount = 0;
};

// Whether the two are one file, or one directory.
inline bool SameFile(const Identity& one, const Identity& other) {
  return one.inode == other.inode && one.major == other.major && one.minor == other.minor;
}

struct Attributes {
  uint32_t mode = 0;  // Twelve bits.
  uint32_t uid = 0;
  uint32_t gid = 0;
};

// What stands under a name.
struct Entry {
  enum class Kind { kMissing, kFile, kDirectory, kSymlink, kOther };
  Kind kind = Kind::kMissing;
  Attributes attributes;
  // Without the mount.
  Identity identity;
  // How many names it has.
  uint64_t links = 0;
  bool mount_point = false;
};

// A name in a directory, and of what kind it is where the listing tells.
struct Listed {
  std::string name;
  std::optional<Entry::Kind> kind;
};

// What tells one version of a file from the next. Times are in nanoseconds. Two writes in place within one
// tick of the kernel's clock that leave the size as it was cannot be told apart (before Linux 6.13, which has
// finer times for files that are looked at).
struct FileVersion {
  bool exists = false;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t modified = 0;
  int64_t changed = 0;

  bool operator==(const FileVersion& other) const {
    return exists == other.exists && device == other.device && inode == other.inode && size == other.size &&
           modified == other.modified && changed == other.changed;
  }
};

// Opens `path`, relative to `base` unless that is null or `path` is absolute. A directory that cannot be read
// is opened for relative calls alone.
Status OpenDirectory(const Directory* base, const std::string& path, Directory* directory);
// The same for a name in `base` itself, to read what is in it: no symbolic link is followed.
Status OpenSubdirectory(const Directory& base, const std::string& name, Directory* directory);
// Everything in it but `.` and `..`, in no order.
Status ListDirectory(const Directory& directory, std::vector<Listed>* entries);
Status Identify(const Directory& directory, Identity* identity);
// A missing name is not an error: its kind says so. Symbolic links are not followed.
Status LookUp(const Directory& directory, const std::string& name, Entry* entry);
Status ReadLink(const Directory& directory, const std::string& name, std::string* target);
// What the kernel finds behind the link, if its policy lets this process follow it (fs.protected_symlinks,
// proc(5)), which reading the link's text alone would get round. A dangling link leads to kMissing.
Status Follow(const Directory& directory, const std::string& name, Entry* entry);
Status MakeDirectory(const Directory& directory, const std::string& name);

// Fetches up to 256 random bytes that nobody can guess.
Status FillRandom(void* bytes, size_t size);
// Neither follows a symbolic link nor waits for the other end of a FIFO.
Status OpenToRead(const Directory& directory, const std::string& name, Descriptor* file);
// The same, for SyncData: Windows flushes only what may be written.
Status OpenToSync(const Directory& directory, const std::string& name, Descriptor* file);
// One read; `*got` is 0 at the end.
Status Read(const Descriptor& file, uint8_t* data, size_t size, size_t* got);
Status ReadVersion(const Descriptor& file, FileVersion* version);
// The version that stands under a name; a missing one is a version, too.
Status LookUpVersion(const Directory& directory, const std::string& name, FileVersion* version);
// Fails with EEXIST if anything stands under the name. The umask applies to `mode`.
Status CreateFile(const Directory& directory, const std::string& name, uint32_t mode, Descriptor* file);
// A file without a name (O_TMPFILE), to be given one with LinkUnnamed.
Status CreateUnnamed(const Directory& directory, uint32_t mode, Descriptor* file);
// Marks the file as belonging to a living writer until its last descriptor is closed, however the process
// ends.
// `*locked` is false where the filesystem has no locks.
Status LockTemporary(const Descriptor& file, bool* locked);
// What fstat says. `*linked` is false when the file's name is gone already.
Status ReadAttributes(const Descriptor& file, Attributes* attributes, bool* linked);
// One write; may write less than asked, never more than 1 GiB.
Status Write(const Descriptor& file, const uint8_t* data, size_t size, size_t* written);
Status SetOwner(const Descriptor& file, uint32_t uid, uint32_t gid);
Status SetMode(const Descriptor& file, uint32_t mode);
// Extended attributes, xattr(7), of what stands under a name (a symbolic link itself) and of an open file. A
// filesystem without any lists none.
Status ListAttributes(const Directory& directory, const std::string& name,
                      std::vector<std::string>* attributes);
Status GetAttribute(const Directory& directory, const std::string& name, const std::string& attribute,
                    std::string* value);
Status SetAttribute(const Descriptor& file, const std::string& attribute, const std::string& value);
// ENODATA if there is none.
Status RemoveAttribute(const Descriptor& file, const std::string& attribute);

// The whole of them in one call, where the system has one: copyfile(3) of macOS with COPYFILE_XATTR. ENOSYS
// elsewhere.
Status CopyAttributes(const Directory& directory, const std::string& name, const Descriptor& file);
// The access control list of what stands under a name, where that is not an extended attribute: copyfile(3)
// with COPYFILE_ACL; on Windows the discretionary list of the security descriptor. ENOSYS on Linux.
Status CopyAccessList(const Directory& directory, const std::string& name, const Descriptor& file);

// File flags that stay with a file when it is copied (no dump, no access time, synchronous), and the project
// that its space counts for: ioctl_fsgetxattr(2). `project_from_directory`: new files in the directory get
// its project, and no other can be renamed into it.
struct FileFlags {
  uint32_t flags = 0;
  uint32_t project = 0;
};
Status ReadFlags(const Directory& directory, const std::string& name, FileFlags* flags);
Status ReadFlags(const Descriptor& file, FileFlags* flags);
Status ReadProjectInheritance(const Directory& directory, bool* inherits);
Status SetFlags(const Descriptor& file, const FileFlags& flags);

// Starts writing all of the file's dirty pages to the device and waits for that, without flushing the
// device's cache or committing a journal: sync_file_range(2) with all three flags. On ext4 with data=ordered
// and on XFS the block mapping and the size are in the running transaction, or the log, when it returns.
Status WriteBack(const Descriptor& file);
// Data and what is needed to read it back gets to stable storage, by the time anything that is written later
// does: F_BARRIERFSYNC of macOS. ENOSYS elsewhere.
Status SyncBarrier(const Descriptor& file);
// Data, and the metadata that is needed to read it back, on stable storage: fdatasync(2), F_FULLFSYNC,
// FlushFileBuffers.
Status SyncData(const Descriptor& file);
// Data and metadata with the device, which may write them in any order, and lose them: fsync(2) of macOS.
// ENOSYS elsewhere.
Status SubmitData(const Descriptor& file);
// Everything dirty on the file's filesystem on stable storage.
Status SyncFilesystem(const Descriptor& file);
// The same as SyncData and SubmitData for the names in a directory.
Status SyncDirectory(const Directory& directory);
Status SubmitDirectory(const Directory& directory);
// A second descriptor of the same open file, under the same writer's lock. On Windows it can no longer write,
// since as long as one can, programs that don't share their files with writers cannot open the file.
Status Duplicate(const Descriptor& file, Descriptor* duplicate);

Status LinkUnnamed(const Descriptor& file, const Directory& directory, const std::string& name);
// Replaces what stands under `to`, whoever has it open: rename(2); on Windows with POSIX semantics, and
// written through.
Status Rename(const Directory& from_directory, const std::string& from, const Directory& to_directory,
              const std::string& to);
// Fails with EEXIST if anything stands under `to`.
Status RenameExclusive(const Directory& from_directory, const std::string& from,
                       const Directory& to_directory, const std::string& to);
// Windows's older call, which fails where somebody has `to` open: what FAT and many servers have. ENOSYS
// elsewhere.
Status RenameClassic(const Directory& from_directory, const std::string& from, const Directory& to_directory,
                     const std::string& to, bool replace);
// Swaps the two in one step. EINVAL where the filesystem has no such call.
Status Exchange(const Directory& one_directory, const std::string& one, const Directory& other_directory,
                const std::string& other);
Status MakeSymlink(const std::string& target, const Directory& directory, const std::string& name);
// A symbolic link is linked itself.
Status Link(const Directory& from_directory, const std::string& from, const Directory& to_directory,
            const std::string& to);
Status Unlink(const Directory& directory, const std::string& name);
Status RemoveDirectory(const Directory& directory, const std::string& name);

// Whose rights the process has; 0 where there is no such number.
uint32_t EffectiveUser();

// Whether the error says that the call does not exist here, as opposed to having failed.
bool IsUnsupported(int error);
// Whether the error may come from a program that has the file open at this moment, and pass with it.
bool MayBeInUse(int error);
// Whether a file that somebody has open may not be replaced, depending on its filesystem.
bool OpenFilesMayBlockRenames();
void Pause(std::chrono::milliseconds time);

// Removes the temporary `name` if no living writer holds its lock. `*result` tells which it was.
enum class RemoveResult { kRemoved, kLocked, kUnknown };
Status RemoveIfUnlocked(const Directory& directory, const std::string& name, RemoveResult* result);

// Its path without symbolic links.
Status RealPath(const Directory& directory, std::string* path);
// Where something is mounted, by paths without symbolic links. None where that is hidden.
std::vector<std::string> MountPoints();
// A number that changes whenever the process's mount table does; 0 where that cannot be known.
uint64_t MountTableGeneration();

// The caller's paths, with '/' between the names as everything above expects them, and the way back.
std::string GenericPath(std::string path);
std::string SystemPath(std::string path);

// Runs `function` when the process exits, while its threads still live. False where there is no such moment:
// on Windows a library hears of the end when all other threads are gone.
[[nodiscard]] bool AtExit(void (*function)());
// The code of this library stays in memory until the process ends, whoever unloads it.
void StayLoaded();

// Runs `body` on a new, detached thread. False where there are too many threads already.
[[nodiscard]] bool StartThread(Task body);
// The working threads leave signals to the program's own threads.
void BlockSignals();

}  // namespace indelible::platform

#endif  // INDELIBLE_PLATFORM_PLATFORM_H_
