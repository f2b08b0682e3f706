// Runs a program in which some system calls fail, as under the seccomp filter of a sandbox:
//
//   forbid <error number> <call>... -- <program> [<argument>...]
//
// A call is one of the names in `calls`. Some of them stand for a call with one flag or command only.
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "unknown architecture"
#endif

// Older systems have `link` beside `linkat`.
#ifndef __NR_link
#define __NR_link -1
#endif
#ifndef __NR_symlink
#define __NR_symlink -1
#endif

#define ANY -1
#define TMPFILE 020000000
#define OFD_GETLK 36
#define OFD_SETLK 37

// `argument` is the index of the argument that is compared under `mask` with `value`.
static const struct call {
  const char* name;
  int number;
  int argument;
  unsigned mask;
  unsigned value;
} calls[] = {
    {"O_TMPFILE", __NR_openat, 2, TMPFILE, TMPFILE},
    {"link", __NR_link, ANY, 0, 0},
    {"link", __NR_linkat, ANY, 0, 0},
    {"symlink", __NR_symlink, ANY, 0, 0},
    {"symlink", __NR_symlinkat, ANY, 0, 0},
    {"renameat2", __NR_renameat2, ANY, 0, 0},
    {"RENAME_NOREPLACE", __NR_renameat2, 4, 1, 1},
    {"RENAME_EXCHANGE", __NR_renameat2, 4, 2, 2},
    {"sync_file_range", __NR_sync_file_range, ANY, 0, 0},
    {"syncfs", __NR_syncfs, ANY, 0, 0},
    {"fsync", __NR_fsync, ANY, 0, 0},
    {"fdatasync", __NR_fdatasync, ANY, 0, 0},
    {"statx", __NR_statx, ANY, 0, 0},
    {"statfs", __NR_statfs, ANY, 0, 0},
    {"fstatfs", __NR_fstatfs, ANY, 0, 0},
    {"openat2", 437, ANY, 0, 0},
    {"flock", __NR_flock, ANY, 0, 0},
    {"F_OFD_SETLK", __NR_fcntl, 1, ~0U, OFD_SETLK},
    {"F_OFD_GETLK", __NR_fcntl, 1, ~0U, OFD_GETLK},
    {"FS_IOC_FSGETXATTR", __NR_ioctl, 1, ~0U, FS_IOC_FSGETXATTR},
    {"listxattrat", 465, ANY, 0, 0},
    {"getxattrat", 464, ANY, 0, 0},
    {"file_getattr", 468, ANY, 0, 0},
    {"FS_IOC_FSSETXATTR", __NR_ioctl, 1, ~0U, FS_IOC_FSSETXATTR},
    {"FICLONE", __NR_ioctl, 1, ~0U, FICLONE},
    {"copy_file_range", __NR_copy_file_range, ANY, 0, 0},
    {"getrandom", __NR_getrandom, ANY, 0, 0},
};

#define CALLS (sizeof calls / sizeof calls[0])
#define PER_CALL 6

static struct sock_filter program[3 + CALLS * PER_CALL * 4];
static unsigned short length = 0;

static void add(unsigned short code, unsigned value, unsigned char if_true, unsigned char if_false) {
  if (length == sizeof program / sizeof program[0]) exit(2);
  program[length++] = (struct sock_filter){code, if_true, if_false, value};
}

static void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0); }

static void fail_call(const struct call* call, unsigned error) {
  load(offsetof(struct seccomp_data, nr));
  if (call->argument == ANY) {
    add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call->number, 0, 1);
  } else {
    add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call->number, 0, 4);
    // The lower half: both machines are little-endian.
    load(offsetof(struct seccomp_data, args) + (size_t)call->argument * 8);
    add(BPF_ALU | BPF_AND | BPF_K, call->mask, 0, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, call->value, 0, 1);
  }
  add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error, 0, 0);
}

int main(int count, char** arguments) {
  int next = 2;
  load(offsetof(struct seccomp_data, arch));
  add(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  for (; next < count && strcmp(arguments[next], "--") != 0; ++next) {
    int known = 0;
    for (size_t i = 0; i < CALLS; ++i) {
      if (strcmp(arguments[next], calls[i].name) != 0) continue;
      known = 1;
      if (calls[i].number >= 0) fail_call(&calls[i], (unsigned)atoi(arguments[1]));
    }
    if (!known) {
      fprintf(stderr, "unknown call: %s\n", arguments[next]);
      return 2;
    }
  }
  if (next + 1 >= count) return 2;
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  const struct sock_fprog filter = {length, program};
  // Without new privileges a filter needs no rights.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    perror("forbid");
    return 2;
  }
  execvp(arguments[next + 1], &arguments[next + 1]);
  perror(arguments[next + 1]);
  return 2;
}
