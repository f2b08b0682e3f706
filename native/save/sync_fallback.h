#ifndef INDELIBLE_SYNC_FALLBACK_H_
#define INDELIBLE_SYNC_FALLBACK_H_

#include <cstdint>

#include "../platform/platform.h"

namespace indelible {

// How far what was synced has got.
enum class SyncDurability : uint8_t {
  kSubmitted,  // To the device, which may write it in any order, and lose it.
  kOrdered,    // Stable by the time that anything written later is.
  kStable,     // On stable storage.
};

// Which sync a file gets, and which a directory: the cheapest call that is enough, and the next one only
// where a call says that it does not exist here. A call that has failed for any other reason is the last one:
// the kernel may have dropped what it could not write, and another call would then succeed without it.

// For the data of a file that is about to get its name: a barrier where the system has one (it keeps the name
// from overtaking the data, and the directory's sync flushes both), else a flush, else whatever there is.
Status SyncFile(const platform::Descriptor& file, SyncDurability* durability);
// For the names in a directory, on which everything that was synced before relies: a flush, else whatever
// there is.
Status SyncNames(const platform::Directory& directory, SyncDurability* durability);

}  // namespace indelible

#endif  // INDELIBLE_SYNC_FALLBACK_H_
