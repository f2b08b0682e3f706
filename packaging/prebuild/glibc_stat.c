// glibc has fstat and fstatat since 2.33. Before, they were these functions under other names. For older versions of
// glibc, Zig 0.11 has its own implementations, which do not set errno but a variable of their own.
#include <sys/stat.h>

#ifdef __x86_64__
enum { kVersion = 1 };
#else
enum { kVersion = 0 };
#endif

int __fxstat(int version, int descriptor, struct stat* info);
int __fxstatat(int version, int directory, const char* path, struct stat* info, int flags);

int fstat(int descriptor, struct stat* info) { return __fxstat(kVersion, descriptor, info); }

int fstatat(int directory, const char* path, struct stat* info, int flags) {
  return __fxstatat(kVersion, directory, path, info, flags);
}
