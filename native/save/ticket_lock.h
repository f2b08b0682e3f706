#ifndef INDELIBLE_TICKET_LOCK_H_
#define INDELIBLE_TICKET_LOCK_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "../platform/platform.h"

namespace indelible {

// A queue of byte locks on an open directory, for processes that take turns (src/fs/ticket-lock.ts). The
// locks of the queue are on offsets from `begin` to before `end`; the holder of the lowest is the first.
// `patience` is for how long a call looks again, after growing pauses, before it says that it is not its
// turn.

// Draws a ticket: a lock on the byte behind the highest one that is locked. Two never get the same, since it
// is drawn under a lock on the whole directory. Others wait for that one, so it is held within this call and
// no longer. No ticket where another is just drawing one, or there is no room left.
Status DrawTicket(const platform::Directory& directory, uint64_t begin, uint64_t end,
                  std::chrono::microseconds patience, std::optional<uint64_t>* ticket);

// How many come before the ticket, those that have given up among them. Looks again only where that is one.
Status PositionOf(const platform::Directory& directory, uint64_t begin, uint64_t ticket,
                  std::chrono::microseconds patience, uint64_t* position);

}  // namespace indelible

#endif  // INDELIBLE_TICKET_LOCK_H_
