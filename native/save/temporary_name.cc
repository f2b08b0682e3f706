#include "temporary_name.h"

#include <errno.h>

#include "../platform/platform.h"

namespace indelible {

namespace {

// Lower case and digits only: distinct on filesystems that ignore case as well.
constexpr char kDigits[] = "abcdefghijklmnopqrstuvwxyz234567";
// Five random bits each.
constexpr size_t kNameDigits = 16;

}  // namespace

Status TemporaryName(std::string* name) {
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
  name->assign(".indelible-");
  for (size_t i = 0; i < kNameDigits; ++i) name->push_back(kDigits[random.bytes[random.used++] % 32]);
  return Status::Ok();
}

}  // namespace indelible
