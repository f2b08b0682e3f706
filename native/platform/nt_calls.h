#ifndef INDELIBLE_PLATFORM_NT_CALLS_H_
#define INDELIBLE_PLATFORM_NT_CALLS_H_

#include <windows.h>

// Calls of ntdll.dll that open, rename and link a file relative to an open directory. The documented layer of
// Windows above has no such calls. They are documented as ZwCreateFile and ZwSetInformationFile in the
// Windows driver kit (wdm.h, ntifs.h), and declared here because winternl.h of the Windows SDK has only some
// of them.
namespace indelible::platform::nt {

using Status = LONG;

struct UnicodeString {
  USHORT length;  // In bytes.
  USHORT maximum_length;
  const wchar_t* buffer;
};

struct ObjectAttributes {
  ULONG length;
  HANDLE root_directory;
  const UnicodeString* object_name;
  ULONG attributes;
  void* security_descriptor;
  void* security_quality_of_service;
};

struct IoStatusBlock {
  union {
    Status status;
    void* pointer;
  };
  ULONG_PTR information;
};

// FILE_RENAME_INFORMATION and FILE_LINK_INFORMATION. The name follows.
struct NameInformation {
  ULONG flags;  // In the older classes a BOOLEAN in the lowest byte: replace.
  HANDLE root_directory;
  ULONG name_length;  // In bytes.
  wchar_t name[1];
};

// FILE_INFORMATION_CLASS.
constexpr int kRenameInformation = 10;
constexpr int kLinkInformation = 11;
constexpr int kDispositionInformation = 13;
constexpr int kDispositionInformationEx = 64;
constexpr int kRenameInformationEx = 65;

// FILE_RENAME_*.
constexpr ULONG kReplaceIfExists = 0x1;
constexpr ULONG kPosixRename = 0x2;
constexpr ULONG kReplaceReadOnly = 0x40;
// FILE_DISPOSITION_*.
constexpr ULONG kDelete = 0x1;
constexpr ULONG kPosixDelete = 0x2;
constexpr ULONG kDeleteReadOnly = 0x10;

// Of OBJECT_ATTRIBUTES.
constexpr ULONG kCaseInsensitive = 0x40;

// The disposition and the options of NtCreateFile.
constexpr ULONG kOpen = 1;
constexpr ULONG kCreate = 2;
constexpr ULONG kDirectoryFile = 0x1;
constexpr ULONG kWriteThrough = 0x2;
constexpr ULONG kSynchronous = 0x20;
constexpr ULONG kNonDirectoryFile = 0x40;
constexpr ULONG kOpenReparsePoint = 0x200000;

extern "C" {
Status NTAPI NtCreateFile(HANDLE* file, ACCESS_MASK access, const ObjectAttributes* attributes,
                          IoStatusBlock* status, LARGE_INTEGER* size, ULONG file_attributes, ULONG share,
                          ULONG disposition, ULONG options, void* extended, ULONG extended_length);
Status NTAPI NtSetInformationFile(HANDLE file, IoStatusBlock* status, const void* information, ULONG length,
                                  int information_class);
ULONG NTAPI RtlNtStatusToDosError(Status status);
// RtlGenRandom (ntsecapi.h), of advapi32.dll.
BOOLEAN NTAPI SystemFunction036(void* buffer, ULONG length);
}

}  // namespace indelible::platform::nt

#endif  // INDELIBLE_PLATFORM_NT_CALLS_H_
