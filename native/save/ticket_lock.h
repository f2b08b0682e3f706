#ifndef INDELIBLE_TICKET_LOCK_H_
#define INDELIBLE_TICKET_LOCK_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "../platform/platform.h"

namespace indelible {

// A ticket lock between processes, made of byte locks on an open directory (src/fs/ticket-lock.ts). The locks
// are on offsets from `begin` to before `end`; the owner of the lowest one is first. `patience`: how long a
// call retries, after growing pauses, before it returns without success.

// Draws a ticket: a lock on the byte behind the highest locked one. Two processes never get the same ticket,
// because it is drawn under a lock on the whole directory. Others wait for that lock, so it is held only
// during this call. No ticket if another process is drawing one for longer than `patience`, or the range is
// full.
Status DrawTicket(const platform::Directory& directory, uint64_t begin, uint64_t end,
                  std::chrono::microseconds patience, std::optional<uint64_t>* ticket);

// The number of tickets before this one, including abandoned ones. Retries only while that is 1.
Status PositionOf(const platform::Directory& directory, uint64_t begin, uint64_t ticket,
                  std::chrono::microseconds patience, uint64_t* position);

}  // namespace indelible

#endif  // INDELIBLE_TICKET_LOCK_H_
