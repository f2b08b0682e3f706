// An nbdkit plugin: a disk in memory whose cache flush takes a given time, one at a time, as on a SATA disk.
// Reads and writes are as fast as memory.
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>
#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

static int64_t size = 0;
static int flush_milliseconds = 5;
static uint8_t* disk = NULL;
static pthread_mutex_t flushing = PTHREAD_MUTEX_INITIALIZER;

static int slow_disk_config(const char* key, const char* value) {
  if (strcmp(key, "size") == 0) {
    size = nbdkit_parse_size(value);
    return size == -1 ? -1 : 0;
  }
  if (strcmp(key, "flush-ms") == 0) return nbdkit_parse_int("flush-ms", value, &flush_milliseconds);
  nbdkit_error("unknown parameter: %s", key);
  return -1;
}

static int slow_disk_get_ready(void) {
  // Pages are taken on first write, so an empty disk costs nothing.
  disk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (disk == MAP_FAILED) {
    nbdkit_error("mmap: %m");
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
  memcpy(disk + offset, buffer, count);
  return 0;
}

static int slow_disk_flush(void* handle, uint32_t flags) {
  (void)handle;
  (void)flags;
  struct timespec left = {flush_milliseconds / 1000, flush_milliseconds % 1000 * 1000000L};
  pthread_mutex_lock(&flushing);
  while (nanosleep(&left, &left) == -1 && errno == EINTR) {
  }
  pthread_mutex_unlock(&flushing);
  return 0;
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
