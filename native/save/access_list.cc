#include "access_list.h"

#include <cstddef>

namespace indelible {

namespace {

// include/uapi/linux/posix_acl.h and posix_acl_xattr.h. The numbers are little-endian.
constexpr uint32_t kVersion = 2;
constexpr size_t kHeaderSize = 4;
constexpr size_t kEntrySize = 8;
constexpr uint32_t kUser = 0x02;
constexpr uint32_t kOwningGroup = 0x04;
constexpr uint32_t kGroup = 0x08;
constexpr uint32_t kMask = 0x10;

uint32_t NumberAt(const std::string& value, size_t at, size_t size) {
  uint32_t number = 0;
  for (size_t i = size; i > 0; --i) number = number << 8 | static_cast<unsigned char>(value[at + i - 1]);
  return number;
}

}  // namespace

bool AccessList::Parse(const std::string& value, AccessList* list) {
  *list = AccessList();
  if (value.size() < kHeaderSize || (value.size() - kHeaderSize) % kEntrySize != 0) return false;
  if (NumberAt(value, 0, kHeaderSize) != kVersion) return false;
  uint32_t mask = 7;
  for (size_t at = kHeaderSize; at < value.size(); at += kEntrySize) {
    const uint32_t rights = NumberAt(value, at + 2, 2) & 7;
    switch (NumberAt(value, at, 2)) {
      case kUser:
        list->named_users &= rights;
        break;
      case kOwningGroup:
        list->group = rights;
        break;
      case kGroup:
        list->named_groups &= rights;
        break;
      case kMask:
        mask = rights;
        break;
      default:
        // Of the owner and of all others: the mode shows them.
        break;
    }
  }
  list->group &= mask;
  list->named_users &= mask;
  list->named_groups &= mask;
  return true;
}

uint32_t CreationMode(uint32_t mode) {
  const uint32_t all = OwnerRights(mode) & GroupRights(mode) & OtherRights(mode);
  return OwnerRights(mode) << 6 | all << 3 | all;
}

uint32_t ModeWithoutList(uint32_t mode, const AccessList* lost, bool owner_kept, bool group_kept) {
  const uint32_t owner = OwnerRights(mode);
  uint32_t group = GroupRights(mode);
  uint32_t other = OtherRights(mode);
  if (lost != nullptr) {
    // A named user may be in the group, or one of all others. A member of a named group who is in the owning
    // group as well had the rights of both.
    group = lost->group & lost->named_users;
    other &= lost->named_users & lost->named_groups;
    if (!group_kept) group &= lost->named_groups;
  }
  if (!group_kept) {
    // The members of the old group are now others, and others may be members of the new group.
    other &= group;
    group = other;
  }
  if (!owner_kept) {
    // The old owner is now in the group, or one of all others.
    group &= owner;
    other &= owner;
  }
  return (mode & 07000 & ~uint32_t{06000}) | owner << 6 | group << 3 | other;
}

}  // namespace indelible
