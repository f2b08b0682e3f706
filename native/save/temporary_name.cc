#include "temporary_name.h"

#include <errno.h>

#include "../platform/mutex.h"
#include "../platform/platform.h"

namespace indelible {

namespace {

// Lower case and digits only: distinct on filesystems that ignore case as well.
constexpr char kDigits[] = "abcdefghijklmnopqrstuvwxyz234567";
// Five random bits each.
constexpr size_t kNameDigits = 16;

// A name of a file has at most 255 bytes.
constexpr size_t kLongestOwner = 64;

constexpr char LetterOf(TemporaryKind kind) {
  switch (kind) {
    case TemporaryKind::kOpen:
      return 'w';
    case TemporaryKind::kLocal:
      return 'l';
    case TemporaryKind::kAny:
      break;
  }
  return 'p';
}

struct Owner {
  Mutex mutex;
  // Nobody can tell whether this owner is alive.
  std::string text GUARDED_BY(mutex) = "0-0-00000000-00000000";
};

// Never destroyed, because threads may outlive every destructor.
Owner& TheOwner() {
  static Owner& owner = *new Owner();
  return owner;
}

}  // namespace

bool SetTemporaryOwner(const std::string& owner) {
  const bool valid = !owner.empty() && owner.size() <= kLongestOwner &&
                     owner.find_first_not_of("0123456789abcdef-") == std::string::npos;
  if (!valid) return false;
  MutexLock lock(TheOwner().mutex);
  TheOwner().text = owner;
  return true;
}

Status TemporaryName(TemporaryKind kind, std::string* name) {
  // Fetched for many names at once: one getrandom(2) costs as much as a whole lookup. A forked child repeats
  // the names of its parent, which O_EXCL detects.
  thread_local struct {
    unsigned char bytes[256];
    size_t used = sizeof bytes;
  } random;
  if (random.used == sizeof random.bytes) {
    Status status;
    // getrandom(2): EINTR only while the system boots.
    do status = platform::FillRandom(random.bytes, sizeof random.bytes);
    while (!status.ok() && status.error() == EINTR);
    if (!status.ok()) return status;
    random.used = 0;
  }
  name->assign(".indelible-").append(1, LetterOf(kind)).append(1, '-');
  {
    MutexLock lock(TheOwner().mutex);
    name->append(TheOwner().text);
  }
  name->push_back('-');
  for (size_t i = 0; i < kNameDigits; ++i) name->push_back(kDigits[random.bytes[random.used++] % 32]);
  return Status::Ok();
}

}  // namespace indelible
