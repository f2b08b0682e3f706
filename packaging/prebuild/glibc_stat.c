// fstat and fstatat are functions of glibc from 2.33 on; before, they were these calls under other names. Zig 0.11 has
// versions of its own for older ones, which leave the error number in a variable of theirs instead of errno.
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
