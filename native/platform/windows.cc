#include <errno.h>
#include <process.h>
#include <windows.h>
#include <winioctl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

// Macros of windows.h with names of functions of this file.
#undef CreateFile
#undef RemoveDirectory

#include "nt_calls.h"
#include "platform.h"
#include "windows_error.h"
#include "windows_path.h"

namespace indelible::platform {

using windows::ErrnoOf;
using windows::ErrnoOfStatus;
using windows::NtName;
using windows::NtPath;

namespace {

// ReadFile and WriteFile take a DWORD.
constexpr size_t kLargestTransfer = size_t{1} << 30;

// Enough for a few hundred entries.
constexpr size_t kListingSize = size_t{64} << 10;

// The year 1970 in FILETIME, which counts 100 ns since 1601.
constexpr int64_t kUnixEpoch = 116444736000000000;

// As on Linux. The deepest call of a save needs a few KiB.
constexpr unsigned kStackSize = 256U << 10;

constexpr ULONG kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

// Windows has one bit of a mode: whether the file may be written. Node shows it in the same way.
constexpr uint32_t kWritableMode = 0666;
constexpr uint32_t kReadOnlyMode = 0444;
constexpr uint32_t kWriteBits = 0222;

// Attributes that a user sets and that a copy of the file keeps.
constexpr DWORD kKeptFlags =
    FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;

// The data of a reparse point that is a link, REPARSE_DATA_BUFFER of ntifs.h.
struct LinkData {
  ULONG tag;
  USHORT length;
  USHORT reserved;
  USHORT target_offset;  // In bytes, from the start of the names.
  USHORT target_length;
  USHORT shown_offset;
  USHORT shown_length;
};

HANDLE HandleOf(const Descriptor& descriptor) { return reinterpret_cast<HANDLE>(descriptor.get()); }

HANDLE HandleOf(const Directory& directory) { return HandleOf(directory.descriptor); }

Status LastError(const char* syscall) { return Status::Failed(syscall, ErrnoOf(GetLastError())); }

Status Checked(BOOL result, const char* syscall) { return result ? Status::Ok() : LastError(syscall); }

Status CheckedStatus(nt::Status status, const char* syscall) {
  return status >= 0 ? Status::Ok() : Status::Failed(syscall, ErrnoOfStatus(status));
}

struct Opening {
  ACCESS_MASK access;
  ULONG options;
  ULONG disposition = nt::kOpen;
  // Of a file that is created.
  ULONG attributes = FILE_ATTRIBUTE_NORMAL;
};

// `root` null: `name` is an absolute path.
Status Open(HANDLE root, const std::wstring& name, const Opening& how, const char* syscall,
            Descriptor* opened) {
  if (name.size() * sizeof(wchar_t) > 0xFFFE) return Status::Failed(syscall, ENAMETOOLONG);
  nt::UnicodeString text = {};
  text.length = static_cast<USHORT>(name.size() * sizeof(wchar_t));
  text.maximum_length = text.length;
  text.buffer = name.c_str();
  nt::ObjectAttributes attributes = {};
  attributes.length = sizeof attributes;
  attributes.root_directory = root;
  attributes.object_name = &text;
  attributes.attributes = nt::kCaseInsensitive;
  nt::IoStatusBlock block = {};
  HANDLE handle = nullptr;
  const nt::Status status =
      nt::NtCreateFile(&handle, how.access | SYNCHRONIZE, &attributes, &block, nullptr, how.attributes,
                       kShareAll, how.disposition, how.options | nt::kSynchronous, nullptr, 0);
  if (status >= 0) *opened = Descriptor(reinterpret_cast<intptr_t>(handle));
  return CheckedStatus(status, syscall);
}

// Opens a directory entry: a link itself unless `follow`.
Status OpenEntry(const Directory& directory, const std::string& name, ACCESS_MASK access, const char* syscall,
                 Descriptor* opened, bool follow = false) {
  const bool slash = !name.empty() && name.back() == '/';
  const ULONG options = (follow ? 0 : nt::kOpenReparsePoint) | (slash ? nt::kDirectoryFile : 0);
  const std::wstring relative = name == "." ? std::wstring() : NtName(name);
  return Open(HandleOf(directory), relative, Opening{access, options}, syscall, opened);
}

template <typename Information>
Status Query(HANDLE handle, FILE_INFO_BY_HANDLE_CLASS which, const char* syscall, Information* information) {
  return Checked(GetFileInformationByHandleEx(handle, which, information, sizeof *information), syscall);
}

// The current path of the directory, in the form of NtPath.
Status PathOf(const Directory& directory, std::wstring* path) {
  path->assign(MAX_PATH, L'\0');
  for (;;) {
    const DWORD length = GetFinalPathNameByHandleW(HandleOf(directory), path->data(),
                                                   static_cast<DWORD>(path->size()), FILE_NAME_NORMALIZED);
    if (length == 0) return LastError("open");
    const bool fits = length < path->size();
    path->resize(length);
    if (fits) return Status::Ok();
  }
}

Entry::Kind KindOf(DWORD attributes, DWORD tag) {
  // A junction counts as a link to a directory, as in libuv.
  const bool link = tag == IO_REPARSE_TAG_SYMLINK || tag == IO_REPARSE_TAG_MOUNT_POINT;
  if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 && link) return Entry::Kind::kSymlink;
  if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return Entry::Kind::kDirectory;
  return (attributes & FILE_ATTRIBUTE_DEVICE) != 0 ? Entry::Kind::kOther : Entry::Kind::kFile;
}

Attributes AttributesOf(DWORD attributes) {
  Attributes result;
  result.mode = (attributes & FILE_ATTRIBUTE_READONLY) != 0 ? kReadOnlyMode : kWritableMode;
  return result;
}

Status Describe(const Descriptor& file, const char* syscall, Entry* entry) {
  FILE_ATTRIBUTE_TAG_INFO info = {};
  Status status = Query(HandleOf(file), FileAttributeTagInfo, syscall, &info);
  if (!status.ok()) return status;
  entry->kind = KindOf(info.FileAttributes, info.ReparseTag);
  entry->attributes = AttributesOf(info.FileAttributes);
  return Status::Ok();
}

Status IdentifyHandle(HANDLE handle, const char* syscall, Identity* identity) {
  *identity = Identity();
  FILE_ID_INFO info = {};
  if (Query(handle, FileIdInfo, syscall, &info).ok()) {
    uint64_t halves[2] = {};
    std::memcpy(halves, &info.FileId, sizeof halves);
    identity->major = static_cast<uint32_t>(info.VolumeSerialNumber >> 32);
    identity->minor = static_cast<uint32_t>(info.VolumeSerialNumber);
    // ReFS has file numbers of 128 bits, NTFS of 64 (the lower half).
    identity->inode = halves[0] ^ (halves[1] * 0x9E3779B97F4A7C15U);
    return Status::Ok();
  }
  BY_HANDLE_FILE_INFORMATION old = {};
  if (!GetFileInformationByHandle(handle, &old)) return LastError(syscall);
  identity->minor = old.dwVolumeSerialNumber;
  identity->inode = static_cast<uint64_t>(old.nFileIndexHigh) << 32 | old.nFileIndexLow;
  return Status::Ok();
}

// FILE_ADD_FILE: only a handle that is open for writing can be flushed.
Status OpenForEntries(HANDLE root, const std::wstring& name, ACCESS_MASK access, ULONG options,
                      Directory* directory) {
  options |= nt::kDirectoryFile;
  Status status = Open(root, name, Opening{access | FILE_ADD_FILE, options}, "open", &directory->descriptor);
  directory->syncable = status.ok();
  if (!status.ok() && (MayBeBusy(status.error()) || status.error() == EROFS)) {
    status = Open(root, name, Opening{access, options}, "open", &directory->descriptor);
  }
  return status;
}

// Fails with `error` if the handle is that of a link itself.
Status RefuseLink(const Descriptor& file, int error) {
  Entry entry;
  Status status = Describe(file, "open", &entry);
  if (status.ok() && entry.kind == Entry::Kind::kSymlink) return Status::Failed("open", error);
  return status;
}

int64_t Nanoseconds(const LARGE_INTEGER& time) { return (time.QuadPart - kUnixEpoch) * 100; }

Status VersionOf(const Descriptor& file, const char* syscall, FileVersion* version) {
  *version = FileVersion();
  Identity identity;
  Status status = IdentifyHandle(HandleOf(file), syscall, &identity);
  FILE_BASIC_INFO basic = {};
  if (status.ok()) status = Query(HandleOf(file), FileBasicInfo, syscall, &basic);
  FILE_STANDARD_INFO standard = {};
  if (status.ok()) status = Query(HandleOf(file), FileStandardInfo, syscall, &standard);
  if (!status.ok()) return status;
  version->exists = true;
  version->device = static_cast<uint64_t>(identity.major) << 32 | identity.minor;
  version->inode = identity.inode;
  version->size = static_cast<uint64_t>(standard.EndOfFile.QuadPart);
  version->modified = Nanoseconds(basic.LastWriteTime);
  version->changed = Nanoseconds(basic.ChangeTime);
  return Status::Ok();
}

Status ChangeAttributes(const Descriptor& file, DWORD clear, DWORD set, const char* syscall) {
  FILE_BASIC_INFO info = {};
  Status status = Query(HandleOf(file), FileBasicInfo, syscall, &info);
  if (!status.ok()) return status;
  // Zeros leave the times unchanged.
  FILE_BASIC_INFO changed = {};
  changed.FileAttributes = (info.FileAttributes & ~clear) | set;
  if (changed.FileAttributes == 0) changed.FileAttributes = FILE_ATTRIBUTE_NORMAL;
  return Checked(
      SetFileInformationByHandle(HandleOf(file), FileBasicInfo, &changed, static_cast<DWORD>(sizeof changed)),
      syscall);
}

// Renames or links the file with the name `from`, by a handle of its own. The handle is a write-through one:
// "A write-through request via FILE_FLAG_WRITE_THROUGH also causes NTFS to flush any metadata changes, such
// as a time stamp update or a rename operation, that result from processing the request" (CreateFileW).
Status RenameOrLink(const Directory& from_directory, const std::string& from, const Directory& to_directory,
                    const std::string& to, int information_class, ULONG flags, const char* syscall) {
  Descriptor file;
  const bool slash = !from.empty() && from.back() == '/';
  const ULONG options = nt::kOpenReparsePoint | nt::kWriteThrough | (slash ? nt::kDirectoryFile : 0);
  const ACCESS_MASK access =
      information_class == nt::kLinkInformation ? FILE_WRITE_ATTRIBUTES : DELETE | FILE_READ_ATTRIBUTES;
  Status status = Open(HandleOf(from_directory), NtName(from), Opening{access, options}, syscall, &file);
  if (!status.ok()) return status;
  const std::wstring name = NtName(to);
  const size_t name_bytes = name.size() * sizeof(wchar_t);
  const size_t size = std::max(sizeof(nt::NameInformation), offsetof(nt::NameInformation, name) + name_bytes);
  // operator new gives the alignment.
  const std::unique_ptr<unsigned char[]> bytes(new unsigned char[size]());
  auto* const information = new (bytes.get())
      nt::NameInformation{flags, HandleOf(to_directory), static_cast<ULONG>(name_bytes), {}};
  std::memcpy(bytes.get() + offsetof(nt::NameInformation, name), name.data(), name_bytes);
  nt::IoStatusBlock block = {};
  return CheckedStatus(nt::NtSetInformationFile(HandleOf(file), &block, information, static_cast<ULONG>(size),
                                                information_class),
                       syscall);
}

Status Delete(const Descriptor& file, const char* syscall) {
  nt::IoStatusBlock block = {};
  // The name is removed at once, also while other programs have the file open.
  const ULONG flags = nt::kDelete | nt::kPosixDelete | nt::kDeleteReadOnly;
  Status status =
      CheckedStatus(nt::NtSetInformationFile(HandleOf(file), &block, &flags, static_cast<ULONG>(sizeof flags),
                                             nt::kDispositionInformationEx),
                    syscall);
  if (status.ok() || !IsUnsupported(status.error())) return status;
  // The older call fails for read-only files.
  Entry entry;
  status = Describe(file, syscall, &entry);
  if (status.ok()) status = ChangeAttributes(file, FILE_ATTRIBUTE_READONLY, 0, syscall);
  if (!status.ok()) return status;
  const BOOLEAN remove = TRUE;
  status =
      CheckedStatus(nt::NtSetInformationFile(HandleOf(file), &block, &remove,
                                             static_cast<ULONG>(sizeof remove), nt::kDispositionInformation),
                    syscall);
  // Other names of the file share the attribute.
  if (entry.attributes.mode != kReadOnlyMode) return status;
  Status restored = ChangeAttributes(file, 0, FILE_ATTRIBUTE_READONLY, syscall);
  return status.ok() ? std::move(restored) : std::move(status);
}

}  // namespace

Descriptor::~Descriptor() {
  if (valid()) CloseHandle(reinterpret_cast<HANDLE>(value_));
}

Status Descriptor::Close() { return Checked(CloseHandle(reinterpret_cast<HANDLE>(Release())), "close"); }

std::string GenericPath(std::string path) {
  std::replace(path.begin(), path.end(), '\\', '/');
  return path;
}

std::string SystemPath(std::string path) {
  std::replace(path.begin(), path.end(), '/', '\\');
  return path;
}

Status OpenDirectory(const Directory* base, const std::string& path, Directory* directory) {
  const bool absolute = base == nullptr || windows::IsAbsolute(path);
  std::wstring name;
  HANDLE root = nullptr;
  if (absolute) {
    name = NtPath(path);
  } else if (windows::HasDots(path)) {
    std::wstring now;
    Status status = PathOf(*base, &now);
    if (!status.ok()) return status;
    name = NtPath(GenericPath(windows::Narrowed(now.substr(4))) + "/" + path);
    if (now.rfind(L"\\\\?\\UNC\\", 0) == 0) {
      name = NtPath("//" + GenericPath(windows::Narrowed(now.substr(8))) + "/" + path);
    }
  } else {
    name = NtName(path);
    root = HandleOf(*base);
  }
  Status status = OpenForEntries(root, name, FILE_TRAVERSE | FILE_READ_ATTRIBUTES, 0, directory);
  if (!status.ok()) return status;
  directory->path = absolute ? path : base->PathOf(path);
  return Status::Ok();
}

// Windows has no sticky directories, so every link is trusted.
Status OpenWithoutLinks(const Directory* base, const std::string& path, Directory* directory) {
  return OpenDirectory(base, path, directory);
}

Status OpenCached(const Directory*, const std::string&, Directory*) { return Status::Failed("open", ENOSYS); }

// Only called where OpenWithoutLinks does not follow links.
Status EnterDirectory(const Directory*, const std::string&, Directory*) {
  return Status::Failed("open", ENOSYS);
}

Status OpenWorkingDirectory(Directory*) { return Status::Failed("open", ENOSYS); }

Status OpenSubdirectory(const Directory& base, const std::string& name, Directory* directory) {
  Status status = OpenForEntries(HandleOf(base), NtName(name), FILE_TRAVERSE | FILE_READ_ATTRIBUTES,
                                 nt::kOpenReparsePoint, directory);
  if (status.ok()) status = RefuseLink(directory->descriptor, ENOTDIR);
  if (!status.ok()) return status;
  directory->path = base.PathOf(name);
  return Status::Ok();
}

Status ListDirectory(const Directory& directory, size_t most, std::vector<Listed>* entries) {
  // A new handle, whose position no other code moves.
  Descriptor listed;
  Status status = OpenEntry(directory, ".", FILE_LIST_DIRECTORY, "open", &listed);
  if (!status.ok()) return status;
  // operator new gives the alignment.
  const std::unique_ptr<unsigned char[]> buffer(new unsigned char[kListingSize]);
  while (GetFileInformationByHandleEx(HandleOf(listed), FileIdBothDirectoryInfo, buffer.get(),
                                      static_cast<DWORD>(kListingSize))) {
    for (size_t at = 0;;) {
      const auto* const entry = reinterpret_cast<const FILE_ID_BOTH_DIR_INFO*>(buffer.get() + at);
      const std::wstring name(entry->FileName, entry->FileNameLength / sizeof(wchar_t));
      // For a reparse point the field contains the tag (ntifs.h, FILE_ID_BOTH_DIR_INFORMATION).
      if (name != L"." && name != L"..")
        entries->push_back(Listed{windows::Narrowed(name), KindOf(entry->FileAttributes, entry->EaSize)});
      if (entries->size() >= most) return Status::Ok();
      if (entry->NextEntryOffset == 0) break;
      at += entry->NextEntryOffset;
    }
  }
  return GetLastError() == ERROR_NO_MORE_FILES ? Status::Ok() : LastError("readdir");
}

Status Identify(const Directory& directory, Identity* identity) {
  return IdentifyHandle(HandleOf(directory), "fstat", identity);
}

Status LookUp(const Directory& directory, const std::string& name, Entry* entry) {
  *entry = Entry();
  Descriptor file;
  Status status = OpenEntry(directory, name, FILE_READ_ATTRIBUTES, "lstat", &file);
  // EBUSY: the file is deleted, and its name remains until the last handle is closed.
  if (status.error() == ENOENT || status.error() == EBUSY) return Status::Ok();
  return status.ok() ? Describe(file, entry) : std::move(status);
}

Status CheckWritable(const Directory& directory, const std::string& name) {
  Descriptor file;
  return OpenEntry(directory, name, FILE_WRITE_DATA, "open", &file);
}

Status Describe(const Descriptor& file, Entry* entry) {
  *entry = Entry();
  Status status = Describe(file, "fstat", entry);
  if (status.ok()) status = IdentifyHandle(HandleOf(file), "fstat", &entry->identity);
  FILE_STANDARD_INFO standard = {};
  if (status.ok()) status = Query(HandleOf(file), FileStandardInfo, "fstat", &standard);
  entry->links = standard.NumberOfLinks;
  return status;
}

Status ReadLink(const Directory& directory, const std::string& name, SymbolicLink* link) {
  Descriptor file;
  Status status = OpenEntry(directory, name, FILE_READ_ATTRIBUTES, "readlink", &file);
  if (status.ok()) status = Describe(file, &link->entry);
  if (!status.ok()) return status;
  if (link->entry.kind != Entry::Kind::kSymlink) return Status::Failed("readlink", EINVAL);
  // Not on the stack: 16 KiB there would need the stack probe of the compiler.
  std::vector<unsigned char> buffer(MAXIMUM_REPARSE_DATA_BUFFER_SIZE);
  DWORD length = 0;
  if (!DeviceIoControl(HandleOf(file), FSCTL_GET_REPARSE_POINT, nullptr, 0, buffer.data(),
                       static_cast<DWORD>(buffer.size()), &length, nullptr))
    return LastError("readlink");
  LinkData data = {};
  if (length < sizeof data) return Status::Failed("readlink", EINVAL);
  std::memcpy(&data, buffer.data(), sizeof data);
  // A symbolic link has flags before its names, a junction has none.
  const size_t names = sizeof data + (data.tag == IO_REPARSE_TAG_SYMLINK ? sizeof(ULONG) : 0);
  if (names + data.target_offset + data.target_length > length) return Status::Failed("readlink", EINVAL);
  std::wstring text(data.target_length / sizeof(wchar_t), L'\0');
  std::memcpy(text.data(), buffer.data() + names + data.target_offset, data.target_length);
  // An absolute target is a path of ntdll.
  if (text.rfind(L"\\??\\UNC\\", 0) == 0) {
    text.replace(0, 7, L"\\");
  } else if (text.rfind(L"\\??\\", 0) == 0) {
    text.erase(0, 4);
  }
  link->text = GenericPath(windows::Narrowed(text));
  return Status::Ok();
}

Status Follow(const Directory& directory, const std::string& name, Entry* entry) {
  *entry = Entry();
  Descriptor file;
  const Status status = OpenEntry(directory, name, FILE_READ_ATTRIBUTES, "open", &file, true);
  if (status.ok()) return Describe(file, entry);
  return status.error() == ENOENT ? Status::Ok() : status;
}

Status MakeDirectory(const Directory& directory, const std::string& name, uint32_t) {
  Descriptor made;
  return Open(HandleOf(directory), NtName(name),
              Opening{FILE_READ_ATTRIBUTES, nt::kDirectoryFile, nt::kCreate}, "mkdir", &made);
}

Status FillRandom(void* bytes, size_t size) {
  return nt::SystemFunction036(bytes, static_cast<ULONG>(size)) ? Status::Ok()
                                                                : Status::Failed("getrandom", EIO);
}

Status OpenToRead(const Directory& directory, const std::string& name, Descriptor* file) {
  Status status =
      Open(HandleOf(directory), NtName(name),
           Opening{FILE_GENERIC_READ, nt::kNonDirectoryFile | nt::kOpenReparsePoint}, "open", file);
  return status.ok() ? RefuseLink(*file, ELOOP) : std::move(status);
}

Status OpenToSync(const Directory& directory, const std::string& name, Descriptor* file) {
  Status status =
      Open(HandleOf(directory), NtName(name),
           Opening{FILE_WRITE_DATA | FILE_READ_ATTRIBUTES, nt::kNonDirectoryFile | nt::kOpenReparsePoint},
           "open", file);
  return status.ok() ? RefuseLink(*file, ELOOP) : std::move(status);
}

Status Read(const Descriptor& file, uint8_t* data, size_t size, size_t* got) {
  DWORD count = 0;
  const auto length = static_cast<DWORD>(std::min(size, kLargestTransfer));
  if (!ReadFile(HandleOf(file), data, length, &count, nullptr)) return LastError("read");
  *got = count;
  return Status::Ok();
}

Status ReadAt(const Descriptor&, uint64_t, uint8_t*, size_t, size_t*) {
  return Status::Failed("read", ENOSYS);
}

Status WriteAt(const Descriptor&, uint64_t, const uint8_t*, size_t, size_t*) {
  return Status::Failed("write", ENOSYS);
}

Status CloneContent(const Descriptor&, const Descriptor&) { return Status::Failed("ioctl", ENOSYS); }

Status CopyRange(const Descriptor&, const Descriptor&, uint64_t, uint64_t, uint64_t*) {
  return Status::Failed("copy_file_range", ENOSYS);
}

Status ReadVersion(const Descriptor& file, FileVersion* version) { return VersionOf(file, "fstat", version); }

Status LookUpVersion(const Directory& directory, const std::string& name, FileVersion* version) {
  *version = FileVersion();
  Descriptor file;
  Status status = OpenEntry(directory, name, FILE_READ_ATTRIBUTES, "lstat", &file);
  // EBUSY: see LookUp.
  if (status.error() == ENOENT || status.error() == EBUSY) return Status::Ok();
  return status.ok() ? VersionOf(file, "lstat", version) : std::move(status);
}

Status AskServer(const Directory&, const std::string&) { return Status::Ok(); }

Status AskServerForEnd(const Descriptor&) { return Status::Ok(); }

Status OpenToLock(const Directory&, const std::string&, Descriptor*) {
  return Status::Failed("open", ENOSYS);
}

// The handle may write also if the file that it creates is read-only.
Status CreateFile(const Directory& directory, const std::string& name, uint32_t mode, Descriptor* file) {
  const ULONG attributes = (mode & kWriteBits) != 0 ? FILE_ATTRIBUTE_NORMAL : FILE_ATTRIBUTE_READONLY;
  return Open(HandleOf(directory), NtName(name),
              Opening{FILE_GENERIC_WRITE | FILE_READ_ATTRIBUTES | DELETE, nt::kNonDirectoryFile, nt::kCreate,
                      attributes},
              "open", file);
}

Status CreateUnnamed(const Directory&, uint32_t, Descriptor*) { return Status::Failed("open", ENOSYS); }

Status ReadAttributes(const Descriptor& file, Attributes* attributes, bool* linked) {
  FILE_BASIC_INFO basic = {};
  Status status = Query(HandleOf(file), FileBasicInfo, "fstat", &basic);
  if (!status.ok()) return status;
  FILE_STANDARD_INFO standard = {};
  status = Query(HandleOf(file), FileStandardInfo, "fstat", &standard);
  if (!status.ok()) return status;
  *attributes = AttributesOf(basic.FileAttributes);
  *linked = !standard.DeletePending && standard.NumberOfLinks > 0;
  return Status::Ok();
}

Status Write(const Descriptor& file, const uint8_t* data, size_t size, size_t* written) {
  DWORD count = 0;
  const auto length = static_cast<DWORD>(std::min(size, kLargestTransfer));
  if (!WriteFile(HandleOf(file), data, length, &count, nullptr)) return LastError("write");
  *written = count;
  return Status::Ok();
}

// On Windows the owner of a file is an account without a number. `fs.chown` does nothing either.
Status SetOwner(const Descriptor&, uint32_t, uint32_t) { return Status::Ok(); }

Status SetMode(const Descriptor& file, uint32_t mode) {
  const bool writable = (mode & kWriteBits) != 0;
  return ChangeAttributes(file, FILE_ATTRIBUTE_READONLY, writable ? 0 : FILE_ATTRIBUTE_READONLY, "fchmod");
}

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

bool IsAmbiguousUser(uint32_t) { return false; }

bool IsAmbiguousGroup(uint32_t) { return false; }

bool MayLinkFilesOfOthers() { return true; }

Status CopyAttributes(const Directory&, const std::string&, const Descriptor&) {
  return Status::Failed("copyfile", ENOSYS);
}

Status CopyAccessList(const Directory& directory, const std::string& name, const Descriptor& file) {
  Descriptor from;
  Status status = OpenEntry(directory, name, READ_CONTROL, "acl", &from);
  if (!status.ok()) return status;
  DWORD needed = 0;
  GetKernelObjectSecurity(HandleOf(from), DACL_SECURITY_INFORMATION, nullptr, 0, &needed);
  if (needed == 0) return LastError("acl");
  const std::unique_ptr<unsigned char[]> bytes(new unsigned char[needed]());
  auto* const descriptor = reinterpret_cast<PSECURITY_DESCRIPTOR>(bytes.get());
  if (!GetKernelObjectSecurity(HandleOf(from), DACL_SECURITY_INFORMATION, descriptor, needed, &needed))
    return LastError("acl");
  SECURITY_DESCRIPTOR_CONTROL control = 0;
  DWORD revision = 0;
  if (!GetSecurityDescriptorControl(descriptor, &control, &revision)) return LastError("acl");
  // Without the request the list would no longer count as inherited from its directory.
  if ((control & SE_DACL_AUTO_INHERITED) != 0 &&
      !SetSecurityDescriptorControl(descriptor, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERIT_REQ))
    return LastError("acl");
  // The temporary's own handle was not opened with this right, which not every server grants.
  const HANDLE to = ReOpenFile(HandleOf(file), WRITE_DAC, kShareAll, 0);
  if (to == INVALID_HANDLE_VALUE) return LastError("acl");
  const Descriptor owned(reinterpret_cast<intptr_t>(to));
  return Checked(SetKernelObjectSecurity(to, DACL_SECURITY_INFORMATION, descriptor), "acl");
}

Status ReadFlags(const Directory& directory, const std::string& name, FileFlags* flags) {
  Descriptor file;
  Status status = OpenEntry(directory, name, FILE_READ_ATTRIBUTES, "open", &file);
  return status.ok() ? ReadFlags(file, flags) : std::move(status);
}

Status ReadFlags(const Descriptor& file, FileFlags* flags) {
  FILE_BASIC_INFO info = {};
  Status status = Query(HandleOf(file), FileBasicInfo, "fstat", &info);
  if (status.ok()) *flags = FileFlags{info.FileAttributes & kKeptFlags, 0};
  return status;
}

Status ReadProjectInheritance(const Directory&, bool* inherits) {
  *inherits = false;
  return Status::Ok();
}

Status SetFlags(const Descriptor& file, const FileFlags& flags) {
  return ChangeAttributes(file, kKeptFlags, flags.flags, "fchmod");
}

Status WriteBack(const Descriptor&) { return Status::Failed("sync_file_range", ENOSYS); }

Status StartWriteBack(const Descriptor&) { return Status::Failed("sync_file_range", ENOSYS); }

Status SyncBarrier(const Descriptor&) { return Status::Failed("fdatasync", ENOSYS); }

Status SyncData(const Descriptor& file) {
  if (FlushFileBuffers(HandleOf(file))) return Status::Ok();
  // ERROR_ACCESS_DENIED, EPERM: a handle that cannot write, from Duplicate. Nothing was flushed.
  return Status::Failed("fdatasync", ErrnoOf(GetLastError()));
}

Status SubmitFile(const Descriptor&) { return Status::Failed("fsync", ENOSYS); }

Status SyncFilesystem(const Descriptor&) { return Status::Failed("syncfs", ENOSYS); }

Status SyncDirectory(const Directory& directory) {
  if (FlushFileBuffers(HandleOf(directory))) return Status::Ok();
  // FAT has no such call (ERROR_INVALID_PARAMETER). A handle that may write gets ERROR_ACCESS_DENIED only
  // where nothing can be flushed by it.
  const DWORD error = GetLastError();
  return Status::Failed("fsync", error == ERROR_ACCESS_DENIED ? ENOTSUP : ErrnoOf(error));
}

Status SubmitDirectory(const Directory&) { return Status::Failed("fsync", ENOSYS); }

Status Duplicate(const Descriptor& file, Descriptor* duplicate) {
  const HANDLE second = ReOpenFile(HandleOf(file), FILE_GENERIC_READ | FILE_WRITE_ATTRIBUTES, kShareAll, 0);
  if (second == INVALID_HANDLE_VALUE) return LastError("open");
  *duplicate = Descriptor(reinterpret_cast<intptr_t>(second));
  return Status::Ok();
}

Status LinkUnnamed(const Descriptor&, const Directory&, const std::string&) {
  return Status::Failed("link", ENOSYS);
}

Status Rename(const Directory& from_directory, const std::string& from, const Directory& to_directory,
              const std::string& to) {
  return RenameOrLink(from_directory, from, to_directory, to, nt::kRenameInformationEx,
                      nt::kReplaceIfExists | nt::kPosixRename | nt::kReplaceReadOnly, "rename");
}

Status RenameClassic(const Directory& from_directory, const std::string& from, const Directory& to_directory,
                     const std::string& to, bool replace) {
  return RenameOrLink(from_directory, from, to_directory, to, nt::kRenameInformation,
                      replace ? nt::kReplaceIfExists : 0, "rename");
}

Status RenameExclusive(const Directory& from_directory, const std::string& from,
                       const Directory& to_directory, const std::string& to) {
  return RenameOrLink(from_directory, from, to_directory, to, nt::kRenameInformationEx, nt::kPosixRename,
                      "rename");
}

Status Exchange(const Directory&, const std::string&, const Directory&, const std::string&) {
  return Status::Failed("rename", ENOSYS);
}

Status MakeSymlink(const std::string& target, const Directory& directory, const std::string& name) {
  std::wstring link;
  Status status = PathOf(directory, &link);
  if (!status.ok()) return status;
  const std::wstring text = windows::Widened(SystemPath(target));
  // A link stores whether its target is a directory. Node's `fs.symlink` looks at the target as well.
  const std::wstring end = windows::IsAbsolute(target) ? text : link + L'\\' + text;
  const DWORD attributes = GetFileAttributesW(end.c_str());
  const bool leads_to_directory =
      attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  // In developer mode every user may make links.
  constexpr DWORD kUnprivileged = 0x2;
  const DWORD flags = kUnprivileged | (leads_to_directory ? SYMBOLIC_LINK_FLAG_DIRECTORY : 0);
  link += L'\\' + NtName(name);
  return Checked(CreateSymbolicLinkW(link.c_str(), text.c_str(), flags), "symlink");
}

Status Link(const Directory& from_directory, const std::string& from, const Directory& to_directory,
            const std::string& to) {
  return RenameOrLink(from_directory, from, to_directory, to, nt::kLinkInformation, 0, "link");
}

Status Unlink(const Directory& directory, const std::string& name) {
  Descriptor file;
  Status status =
      OpenEntry(directory, name, DELETE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES, "unlink", &file);
  return status.ok() ? Delete(file, "unlink") : std::move(status);
}

uint32_t EffectiveUser() { return 0; }

Status RemoveDirectory(const Directory& directory, const std::string& name) {
  Descriptor removed;
  // The slash allows only a directory to be opened.
  Status status = OpenEntry(directory, name + "/", DELETE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES,
                            "rmdir", &removed);
  return status.ok() ? Delete(removed, "rmdir") : std::move(status);
}

bool MayBeForbidden(int) { return false; }

// Windows has no such error. A caller that reads again is right in any case.
const int kStale = EAGAIN;

// The length that counts is that of the name as UTF-16, when it is opened.
const size_t kPathMax = SIZE_MAX;

// EBUSY: another program has the file open. EACCES and EPERM: either a scanner has the file open, or
// permission is missing; the two cannot be told apart.
bool MayBeBusy(int error) { return error == EBUSY || error == EPERM || error == EACCES; }

// A rename with POSIX semantics is not blocked, but FAT and many servers lack it.
bool OpenFilesMayBlockRenames() { return true; }

void Pause(std::chrono::milliseconds time) { Sleep(static_cast<DWORD>(time.count())); }

// No call tells whether another process has a file open.
Status RemoveUnlessOpen(const Directory&, const std::string&, RemoveResult* result) {
  *result = RemoveResult::kUnknown;
  return Status::Ok();
}

Status RealPath(const Directory& directory, std::string* path) {
  std::wstring now;
  Status status = PathOf(directory, &now);
  if (status.ok()) *path = GenericPath(windows::Narrowed(now));
  return status;
}

// A volume that is mounted in a directory is a junction, which everything above takes for a link.
std::vector<std::string> MountPoints() { return {}; }

// A filesystem is identified by the serial number of its drive, which stays the same.
uint64_t MountTableGeneration() { return 0; }

std::string DescribeMount(const Directory&) { return std::string(); }

bool AtExit(void (*)()) { return false; }

void StayLoaded() {
  HMODULE self = nullptr;
  // Fails only for an address outside of every module.
  static_cast<void>(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                                       reinterpret_cast<LPCWSTR>(&StayLoaded), &self));
}

bool StartThread(Task body) {
  auto owned = std::make_unique<Task>(std::move(body));
  const uintptr_t thread = _beginthreadex(
      nullptr, kStackSize,
      [](void* argument) -> unsigned {
        const std::unique_ptr<Task> run(static_cast<Task*>(argument));
        (*run)();
        return 0;
      },
      owned.get(), STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  if (thread == 0) return false;
  static_cast<void>(owned.release());
  CloseHandle(reinterpret_cast<HANDLE>(thread));
  return true;
}

// Windows has no signals to block.
void BlockSignals() {}

}  // namespace indelible::platform
