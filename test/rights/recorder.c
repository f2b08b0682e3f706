// Preloaded into a process that saves (LD_PRELOAD). After each call that can change the rights of a file, it
// writes the rights of each file that the process has created to descriptor 3, if they have changed:
//   state INODE MODE UID GID LIST     the list as system.posix_acl_access in hexadecimal, or -
// So every state of a temporary is seen, not only those that a look from outside happens to meet.
//
// INDELIBLE_TEST_DENY=set-id refuses set-id bits with EPERM, as systemd's RestrictSUIDSGID= does.
// INDELIBLE_TEST_DENY=lists refuses to set access control lists with EPERM.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LOG 3
#define LIST "system.posix_acl_access"
#define MAX_FILES 64
#define MAX_LIST 1024

typedef struct {
  int descriptor;
  dev_t device;
  ino_t inode;
  char last[2 * MAX_LIST + 128];
} Created;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Created files[MAX_FILES];
static int count;

/** The next function of the name: the C library's. */
#define NEXT(name)                                \
  static __typeof__(&name) next;                  \
  if (next == NULL) *(void**)&next = dlsym(RTLD_NEXT, #name)

static int denies(const char* what) {
  const char* denied = getenv("INDELIBLE_TEST_DENY");
  return denied != NULL && strcmp(denied, what) == 0;
}

static int denied(void) {
  errno = EPERM;
  return -1;
}

#define SET_ID_DENIED(mode) (((mode) & (S_ISUID | S_ISGID)) != 0 && denies("set-id"))
#define LIST_DENIED(name) (strncmp(name, "system.posix_acl_", 17) == 0 && denies("lists"))

static void print(const char* line) {
  static long (*next)(long, ...);
  if (next == NULL) *(void**)&next = dlsym(RTLD_NEXT, "syscall");
  (void)next(SYS_write, LOG, line, strlen(line));
}

/** @returns whether the descriptor is still the file's. */
static int record(Created* file) {
  struct stat status;
  if (fstat(file->descriptor, &status) != 0) return 0;
  if (status.st_ino != file->inode || status.st_dev != file->device) return 0;
  unsigned char list[MAX_LIST];
  ssize_t size;
  struct stat again = status;
  // Another thread may change the two between these calls.
  do {
    status = again;
    size = fgetxattr(file->descriptor, LIST, list, sizeof list);
    if (fstat(file->descriptor, &again) != 0) return 0;
  } while (again.st_mode != status.st_mode || again.st_uid != status.st_uid || again.st_gid != status.st_gid);
  char line[sizeof file->last];
  int length = snprintf(line, sizeof line, "state %llu %o %u %u ", (unsigned long long)status.st_ino,
                        status.st_mode & 07777, status.st_uid, status.st_gid);
  if (size <= 0) line[length++] = '-';
  for (ssize_t at = 0; at < size; at++) length += snprintf(line + length, 3, "%02x", list[at]);
  line[length++] = '\n';
  line[length] = '\0';
  if (strcmp(line, file->last) != 0) {
    strcpy(file->last, line);
    print(line);
  }
  return 1;
}

static void record_all(void) {
  int error = errno;
  pthread_mutex_lock(&mutex);
  for (int at = 0; at < count;) {
    if (record(&files[at])) {
      at++;
    } else {
      files[at] = files[--count];
    }
  }
  pthread_mutex_unlock(&mutex);
  errno = error;
}

static int created(int descriptor, int flags) {
  int error = errno;
  struct stat status;
  int creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  if (descriptor >= 0 && creates && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    pthread_mutex_lock(&mutex);
    for (int at = 0; at < count; at++) {
      // The descriptor was closed, and is used again.
      if (files[at].descriptor == descriptor) files[at--] = files[--count];
    }
    if (count == MAX_FILES) {
      print("full\n");
    } else {
      files[count++] = (Created){.descriptor = descriptor, .device = status.st_dev, .inode = status.st_ino};
    }
    pthread_mutex_unlock(&mutex);
  }
  errno = error;
  record_all();
  return descriptor;
}

#define OPEN(name)                                         \
  int name(const char* path, int flags, ...) {             \
    NEXT(name);                                            \
    va_list rest;                                          \
    va_start(rest, flags);                                 \
    mode_t mode = va_arg(rest, mode_t);                    \
    va_end(rest);                                          \
    if ((flags & O_CREAT) && SET_ID_DENIED(mode)) return denied(); \
    return created(next(path, flags, mode), flags);        \
  }
#define OPENAT(name)                                       \
  int name(int directory, const char* path, int flags, ...) { \
    NEXT(name);                                            \
    va_list rest;                                          \
    va_start(rest, flags);                                 \
    mode_t mode = va_arg(rest, mode_t);                    \
    va_end(rest);                                          \
    if ((flags & O_CREAT) && SET_ID_DENIED(mode)) return denied(); \
    return created(next(directory, path, flags, mode), flags); \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/** A function that is called, and after which the files are looked at. */
#define THEN_RECORD(type, name, parameters, arguments, refused) \
  type name parameters {                                        \
    NEXT(name);                                                 \
    if (refused) return denied();                               \
    type result = next arguments;                               \
    record_all();                                               \
    return result;                                              \
  }
THEN_RECORD(int, chmod, (const char* path, mode_t mode), (path, mode), SET_ID_DENIED(mode))
THEN_RECORD(int, fchmod, (int fd, mode_t mode), (fd, mode), SET_ID_DENIED(mode))
THEN_RECORD(int, fchmodat, (int at, const char* path, mode_t mode, int flags), (at, path, mode, flags),
            SET_ID_DENIED(mode))
THEN_RECORD(int, chown, (const char* path, uid_t uid, gid_t gid), (path, uid, gid), 0)
THEN_RECORD(int, lchown, (const char* path, uid_t uid, gid_t gid), (path, uid, gid), 0)
THEN_RECORD(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), 0)
THEN_RECORD(int, fchownat, (int at, const char* path, uid_t uid, gid_t gid, int flags),
            (at, path, uid, gid, flags), 0)
THEN_RECORD(int, setxattr, (const char* path, const char* name, const void* value, size_t size, int flags),
            (path, name, value, size, flags), LIST_DENIED(name))
THEN_RECORD(int, lsetxattr, (const char* path, const char* name, const void* value, size_t size, int flags),
            (path, name, value, size, flags), LIST_DENIED(name))
THEN_RECORD(int, fsetxattr, (int fd, const char* name, const void* value, size_t size, int flags),
            (fd, name, value, size, flags), LIST_DENIED(name))
THEN_RECORD(int, removexattr, (const char* path, const char* name), (path, name), 0)
THEN_RECORD(int, lremovexattr, (const char* path, const char* name), (path, name), 0)
THEN_RECORD(int, fremovexattr, (int fd, const char* name), (fd, name), 0)
THEN_RECORD(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size), 0)
THEN_RECORD(ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t at), (fd, data, size, at), 0)
THEN_RECORD(ssize_t, pwritev64, (int fd, const struct iovec* data, int length, off64_t at),
            (fd, data, length, at), 0)
THEN_RECORD(int, fsync, (int fd), (fd), 0)
THEN_RECORD(int, fdatasync, (int fd), (fd), 0)
THEN_RECORD(int, sync_file_range, (int fd, off64_t at, off64_t size, unsigned flags), (fd, at, size, flags), 0)
THEN_RECORD(int, rename, (const char* from, const char* to), (from, to), 0)
THEN_RECORD(int, renameat, (int from_at, const char* from, int to_at, const char* to),
            (from_at, from, to_at, to), 0)
THEN_RECORD(int, link, (const char* from, const char* to), (from, to), 0)
THEN_RECORD(int, linkat, (int from_at, const char* from, int to_at, const char* to, int flags),
            (from_at, from, to_at, to, flags), 0)

long syscall(long number, ...) {
  NEXT(syscall);
  va_list rest;
  va_start(rest, number);
  long a[6];
  for (int at = 0; at < 6; at++) a[at] = va_arg(rest, long);
  va_end(rest);
  long result = next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (number != SYS_futex) record_all();
  return result;
}
