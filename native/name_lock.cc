#include "name_lock.h"

#include "platform/directory_locks.h"

namespace indelible {

namespace {

// Where the tickets begin among a lock's 63 bits of offset.
constexpr uint64_t kFirstOffset = uint64_t{1} << 62;

// So many tickets has each name before its line must have been empty once: with ten thousand updates a second
// and never nobody waiting, they last for most of a year.
constexpr int kTicketBits = 38;
// And so many names have ranges of their own. Two names that share one only wait for each other.
constexpr int kNameBits = 24;

// FNV-1a, folded. Every version of this library must compute the same.
uint64_t RangeOf(const std::string& name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  const uint64_t number = (hash ^ (hash >> kNameBits) ^ (hash >> 2 * kNameBits)) & ((1U << kNameBits) - 1);
  return kFirstOffset | number << kTicketBits;
}

}  // namespace

NameLock::NameLock(const platform::Directory& directory, const std::string& name)
    : directory_(directory), begin_(RangeOf(name)), end_(begin_ + (uint64_t{1} << kTicketBits)) {}

Status NameLock::Ask(uint64_t* ahead) {
  if (!has_ticket_) {
    bool locked = false;
    Status status = platform::TryLockDirectory(directory_, &locked);
    if (!status.ok()) return status;
    if (locked) {
      status = DrawTicket();
      const Status unlocked = platform::UnlockDirectory(directory_);
      if (!status.ok()) return status;
      if (!unlocked.ok()) return unlocked;
    }
  }
  if (has_ticket_) return CountAhead(ahead);
  // Somebody else is just drawing a ticket, or there are none left until this line is empty.
  *ahead = 1;
  return Status::Ok();
}

Status NameLock::DrawTicket() {
  bool found = false;
  uint64_t highest = 0;
  Status status = HighestTicket(&found, &highest);
  if (!status.ok()) return status;
  const uint64_t mine = found ? highest + 1 : begin_;
  if (mine == end_) return Status::Ok();
  status = platform::AddLock(directory_, mine);
  if (!status.ok()) return status;
  ticket_ = mine;
  has_ticket_ = true;
  return Status::Ok();
}

Status NameLock::HighestTicket(bool* found, uint64_t* ticket) const {
  *found = false;
  for (uint64_t from = begin_;;) {
    bool any = false;
    uint64_t offset = 0;
    Status status = platform::FindLock(directory_, from, end_, &any, &offset);
    if (!status.ok() || !any) return status;
    *found = true;
    *ticket = offset;
    from = offset + 1;
  }
}

// The kernel tells of any one lock in a range, not of the first.
Status NameLock::CountAhead(uint64_t* count) const {
  for (uint64_t lowest = ticket_;;) {
    bool any = false;
    *count = ticket_ - lowest;
    Status status = platform::FindLock(directory_, begin_, lowest, &any, &lowest);
    if (!status.ok() || !any) return status;
  }
}

Status NameLock::Release() {
  if (!has_ticket_) return Status::Ok();
  has_ticket_ = false;
  return platform::RemoveLock(directory_, ticket_);
}

}  // namespace indelible
