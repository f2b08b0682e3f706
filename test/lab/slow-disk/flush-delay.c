// An nbdkit plugin: a disk in memory. A flush of its cache takes a given time, one flush at a time, as on a
// SATA disk. Reads and writes are as fast as memory. The disk is empty at first, or a copy of an image, and
// can write a log. nbdkit's own delay filter cannot delay flushes, and its log filter does not record the
// data.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>
#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

static int64_t size = 0;
static int flush_milliseconds = 5;
static const char* image = NULL;
static const char* log_path = NULL;
static int log_file = -1;
static uint8_t* disk = NULL;
static pthread_mutex_t flushing = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t logging = PTHREAD_MUTEX_INITIALIZER;

// One request in the log, in the order of completion; the data of a write follows. Times are in microseconds
// since 1970, offset and length in bytes; a flush has the length 0.
struct entry {
  uint64_t start;
  uint64_t end;
  uint64_t offset;
  uint64_t length;
};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static int append(const void* data, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t written = write(log_file, (const uint8_t*)data + done, length - done);
    if (written == -1 && errno != EINTR) return -1;
    if (written > 0) done += (size_t)written;
  }
  return 0;
}

static int log_request(uint64_t start, uint64_t offset, const void* data, uint64_t length) {
  if (log_file == -1) return 0;
  pthread_mutex_lock(&logging);
  struct entry entry = {start, now(), offset, length};
  int result = append(&entry, sizeof entry);
  if (result == 0) result = append(data, length);
  pthread_mutex_unlock(&logging);
  if (result == -1) nbdkit_error("write: %s: %m", log_path);
  return result;
}

static int slow_disk_config(const char* key, const char* value) {
  if (strcmp(key, "size") == 0) {
    size = nbdkit_parse_size(value);
    return size == -1 ? -1 : 0;
  }
  if (strcmp(key, "flush-ms") == 0) return nbdkit_parse_int("flush-ms", value, &flush_milliseconds);
  if (strcmp(key, "image") == 0) {
    image = value;
    return 0;
  }
  if (strcmp(key, "log") == 0) {
    log_path = value;
    return 0;
  }
  nbdkit_error("unknown parameter: %s", key);
  return -1;
}

static int slow_disk_get_ready(void) {
  int source = -1;
  if (image != NULL && (source = open(image, O_RDONLY | O_CLOEXEC)) == -1) {
    nbdkit_error("open: %s: %m", image);
    return -1;
  }
  // Pages are allocated on first write, so an empty disk costs nothing, and the image does not change.
  int flags = MAP_PRIVATE | MAP_NORESERVE | (image == NULL ? MAP_ANONYMOUS : 0);
  disk = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, source, 0);
  if (source != -1) close(source);
  if (disk == MAP_FAILED) {
    nbdkit_error("mmap: %m");
    return -1;
  }
  if (log_path == NULL) return 0;
  log_file = open(log_path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (log_file == -1) {
    nbdkit_error("open: %s: %m", log_path);
    return -1;
  }
  return 0;
}

static void* slow_disk_open(int readonly) {
  (void)readonly;
  return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t slow_disk_get_size(void* handle) {
  (void)handle;
  return size;
}

static int slow_disk_pread(void* handle, void* buffer, uint32_t count, uint64_t offset, uint32_t flags) {
  (void)handle;
  (void)flags;
  memcpy(buffer, disk + offset, count);
  return 0;
}

static int slow_disk_pwrite(void* handle, const void* buffer, uint32_t count, uint64_t offset,
                            uint32_t flags) {
  (void)handle;
  (void)flags;
  uint64_t start = now();
  memcpy(disk + offset, buffer, count);
  return log_request(start, offset, buffer, count);
}

static int slow_disk_flush(void* handle, uint32_t flags) {
  (void)handle;
  (void)flags;
  uint64_t start = now();
  struct timespec left = {flush_milliseconds / 1000, flush_milliseconds % 1000 * 1000000L};
  pthread_mutex_lock(&flushing);
  while (nanosleep(&left, &left) == -1 && errno == EINTR) {
  }
  pthread_mutex_unlock(&flushing);
  return log_request(start, 0, NULL, 0);
}

static struct nbdkit_plugin plugin = {
    .name = "slow-disk",
    .config = slow_disk_config,
    .magic_config_key = "size",
    .get_ready = slow_disk_get_ready,
    .open = slow_disk_open,
    .get_size = slow_disk_get_size,
    .pread = slow_disk_pread,
    .pwrite = slow_disk_pwrite,
    .flush = slow_disk_flush,
    .errno_is_preserved = 1,
};

NBDKIT_REGISTER_PLUGIN(plugin)
