#ifndef INDELIBLE_SYNC_FALLBACK_H_
#define INDELIBLE_SYNC_FALLBACK_H_

#include <cstdint>

#include "../platform/platform.h"

namespace indelible {

// The durability that a sync reached.
enum class Reached : uint8_t {
  kSubmitted,  // Submitted to the device, which may write it in any order and lose it.
  kOrdered,    // Stable before anything that is written later.
  kStable,     // On stable storage.
};

// The sync calls for a file and for a directory, tried in order. The first is the cheapest one that is
// enough. The next one is tried only if a call reports that it does not exist here. Any other error is final:
// the kernel may have dropped the pages that it could not write, and another call would then succeed without
// them.

// For the data of a file before the rename: a barrier if the system has one (it keeps the name from reaching
// the disk before the data, and the sync of the directory flushes both), else a flush, else submission to the
// device.
Status SyncFile(const platform::Descriptor& file, Reached* reached);
// For the entries of a directory, on which everything synced before depends: a flush, else submission to the
// device.
Status SyncEntries(const platform::Directory& directory, Reached* reached);

}  // namespace indelible

#endif  // INDELIBLE_SYNC_FALLBACK_H_
