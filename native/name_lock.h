#ifndef INDELIBLE_NAME_LOCK_H_
#define INDELIBLE_NAME_LOCK_H_

#include <cstdint>
#include <string>

#include "platform/platform.h"

namespace indelible {

// The right to be the only one on this machine who updates what stands under a name of a directory, given in
// the order in which it was asked for. It leaves no file behind, and is given up when the directory's
// descriptor is closed, however the process ends.
//
// Linux has no exclusive lock on a part of a directory, only shared ones. So whoever asks draws a ticket: it
// puts a shared lock on the byte behind the highest one that is locked in the name's range. Whoever has the
// lowest has the right. Two never get the same ticket, since a ticket is drawn under a lock on the whole
// directory, held for these few calls and no longer. No ticket below one's own can appear any more, as one's
// own is there when the next is drawn.
class NameLock {
 public:
  // The directory must outlive the lock, and its descriptor must be this lock's alone.
  NameLock(const platform::Directory& directory, const std::string& name);
  NameLock(const NameLock&) = delete;
  NameLock& operator=(const NameLock&) = delete;

  // Asks for it, or how far it has got: `*ahead` tells how many come first, those that have given up among
  // them. 0: it is held.
  Status Ask(uint64_t* ahead);
  Status Release();

 private:
  Status DrawTicket();
  Status HighestTicket(bool* found, uint64_t* ticket) const;
  Status CountAhead(uint64_t* count) const;

  const platform::Directory& directory_;
  // The offsets of the name's tickets.
  const uint64_t begin_;
  const uint64_t end_;
  bool has_ticket_ = false;
  uint64_t ticket_ = 0;
};

}  // namespace indelible

#endif  // INDELIBLE_NAME_LOCK_H_
