#include "ticket_lock.h"

#include <errno.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "../platform/directory_locks.h"

namespace indelible {

namespace {

using platform::Directory;
using platform::LockedRange;
using std::chrono::microseconds;
using Clock = std::chrono::steady_clock;

// Most updates take a few of these pauses. 16 processes that count together on a tmpfs: 1.7 ms an update if
// the thread returns at once, 0.9 ms if it retries for 1.5 ms.
constexpr microseconds kFirstPause(50);

// The time for one call: that of its looks, and that of its pauses as they were asked for, since a pause
// takes longer on a busy machine.
class Patience {
 public:
  explicit Patience(microseconds time) : left_(time) {}

  bool IsOver() const { return left_.count() <= 0; }

  Status FindLock(const Directory& directory, uint64_t begin, uint64_t end,
                  std::optional<LockedRange>* found) {
    const Clock::time_point since = Clock::now();
    Status status = platform::FindLock(directory, begin, end, found);
    left_ -= std::chrono::duration_cast<microseconds>(Clock::now() - since);
    return status;
  }

  // Each pause is twice as long as the one before. False, without a pause, when the time is over.
  bool Pause() {
    if (IsOver()) return false;
    const microseconds pause = std::min(next_, left_);
    std::this_thread::sleep_for(pause);
    left_ -= pause;
    next_ *= 2;
    return true;
  }

 private:
  microseconds left_;
  microseconds next_ = kFirstPause;
};

// A look at the lowest offset finds the end of a short queue soon. A look at the upper half, after it, halves
// the range, however many locks there are and in whatever order the kernel reports them.
Status Narrow(const Directory& directory, Patience* patience, TicketSearch* search) {
  while (search->low < search->high) {
    for (const uint64_t from : {search->low, search->low + (search->high - search->low) / 2}) {
      // The first of the two may have moved the limits.
      if (from < search->low || from >= search->high) continue;
      std::optional<LockedRange> found;
      Status status = patience->FindLock(directory, from, search->high, &found);
      if (!status.ok()) return status;
      if (found.has_value()) {
        search->low = found->end;
      } else {
        search->high = from;
      }
    }
    if (patience->IsOver()) break;
  }
  return Status::Ok();
}

// Called with the lock on the directory.
Status DrawFound(const Directory& directory, uint64_t end, Patience* patience, TicketSearch* search,
                 std::optional<uint64_t>* ticket) {
  std::optional<LockedRange> found;
  Status status = patience->FindLock(directory, search->low, end, &found);
  if (!status.ok()) return status;
  if (found.has_value()) {
    *search = TicketSearch{found->end, end};
    return status;
  }
  status = platform::AddLock(directory, search->low);
  if (status.ok()) *ticket = search->low;
  return status;
}

// Without a lock on the whole file, which would take two more calls to a server. A ticket counts only if
// there is none behind it once it is locked. So of two that are drawn together, the higher one stays.
Status DrawExclusive(const Directory& file, uint64_t end, Patience* patience, TicketSearch* search,
                     std::optional<uint64_t>* ticket) {
  const uint64_t drawn = search->low;
  Status status = platform::AddLock(file, drawn);
  if (status.error() == EAGAIN) {
    *search = TicketSearch{drawn + 1, end};
    return Status::Ok();
  }
  if (!status.ok()) return status;
  std::optional<LockedRange> behind;
  status = patience->FindLock(file, drawn + 1, end, &behind);
  if (status.ok() && !behind.has_value()) {
    *ticket = drawn;
    return status;
  }
  Status removed = platform::RemoveLock(file, drawn);
  if (!status.ok()) return status;
  *search = TicketSearch{behind->end, end};
  return removed;
}

}  // namespace

Status DrawTicket(const Directory& directory, uint64_t end, microseconds time, TicketSearch* search,
                  std::optional<uint64_t>* ticket) {
  Patience patience(time);
  do {
    Status status = Narrow(directory, &patience, search);
    if (!status.ok() || search->low < search->high || search->low >= end) return status;
    if (directory.lock_file) {
      status = DrawExclusive(directory, end, &patience, search, ticket);
      if (!status.ok() || ticket->has_value()) return status;
      continue;
    }
    for (bool locked = false; !locked;) {
      status = platform::TryLockDirectory(directory, &locked);
      if (!status.ok() || (!locked && !patience.Pause())) return status;
    }
    status = DrawFound(directory, end, &patience, search, ticket);
    Status unlocked = platform::UnlockDirectory(directory);
    if (status.ok()) status = std::move(unlocked);
    if (!status.ok() || ticket->has_value()) return status;
  } while (!patience.IsOver());
  return Status::Ok();
}

Status FindAhead(const Directory& directory, uint64_t begin, uint64_t ticket, microseconds time,
                 std::optional<uint64_t>* ahead) {
  ahead->reset();
  Patience patience(time);
  do {
    std::optional<LockedRange> found;
    Status status = patience.FindLock(directory, begin, ticket, &found);
    if (!status.ok()) return status;
    ahead->reset();
    if (!found.has_value()) return status;
    *ahead = found->begin;
    if (found->begin + 1 == ticket) status = patience.FindLock(directory, begin, ticket - 1, &found);
    if (!status.ok() || found.has_value()) return status;
  } while (patience.Pause());
  return Status::Ok();
}

}  // namespace indelible
