#ifndef INDELIBLE_ACCESS_LIST_H_
#define INDELIBLE_ACCESS_LIST_H_

#include <cstdint>
#include <string>

namespace indelible {

// The effect of a POSIX access list (acl(5)), as far as the mode of the file does not show it: with a list
// the group bits of the mode are those of the mask. Each value is three bits, after the mask.
struct AccessList {
  // The rights of the owning group.
  uint32_t group = 7;
  // The rights that all users named in the list have, and those that all named groups have.
  uint32_t named_users = 7;
  uint32_t named_groups = 7;

  // From the value of `system.posix_acl_access`. False for a value of another form.
  static bool Parse(const std::string& value, AccessList* list);
};

// The rights of the owner, shifted to those of all others, and so on.
constexpr uint32_t OwnerRights(uint32_t mode) { return mode >> 6 & 7; }
constexpr uint32_t GroupRights(uint32_t mode) { return mode >> 3 & 7; }
constexpr uint32_t OtherRights(uint32_t mode) { return mode & 7; }

// The mode to create a temporary with, for the final mode `mode`: the rights of the owner, and those that the
// owner, the group and all others have alike. Until the file has its final owner and group, no user may have
// more rights than at the end. A common mode such as 0644 or 0755 is complete from the start.
uint32_t CreationMode(uint32_t mode);

// The mode with which nobody has more rights on the new version than on the old one with the mode `mode`,
// except its owner. `lost`: the access list of the old version, if it is not carried over; otherwise null.
// `owner_kept`, `group_kept`: whether the new version has the owner, and the group, of the old one. Without
// set-id bits.
uint32_t ModeWithoutList(uint32_t mode, const AccessList* lost, bool owner_kept, bool group_kept);

}  // namespace indelible

#endif  // INDELIBLE_ACCESS_LIST_H_
