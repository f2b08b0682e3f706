#ifndef INDELIBLE_TICKET_LOCK_H_
#define INDELIBLE_TICKET_LOCK_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "../platform/platform.h"

namespace indelible {

// A ticket lock between processes, made of byte locks on an open directory or its lock file
// (src/fs/ticket-lock.ts). The owner
// of the lowest lock is first. `patience`: how long a call continues before it returns without success.
// Anybody who may read the directory may have locked any part of it, so a call looks at it twice at least,
// and again only while the time lasts.

// A search for the lowest offset behind all locks, kept between calls. It lies from `low` to `high`. If both
// are the same, it was found.
struct TicketSearch {
  uint64_t low = 0;
  uint64_t high = 0;
};

// Draws a ticket: a lock on the byte behind the highest locked one before `end`. Two processes never get the
// same ticket: on a directory it is drawn under a lock on the whole of it, under which there is one look and
// for which others wait; on a lock file its lock is exclusive. No ticket if there is not enough time, or if
// the range is full: then `low` is `end`.
Status DrawTicket(const platform::Directory& directory, uint64_t end, std::chrono::microseconds patience,
                  TicketSearch* search, std::optional<uint64_t>* ticket);

// A locked ticket from `begin` to before this one. None: this one is first. Retries only while the one before
// is the only one.
Status FindAhead(const platform::Directory& directory, uint64_t begin, uint64_t ticket,
                 std::chrono::microseconds patience, std::optional<uint64_t>* ahead);

}  // namespace indelible

#endif  // INDELIBLE_TICKET_LOCK_H_
