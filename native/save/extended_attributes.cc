#include "extended_attributes.h"

#include <errno.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace indelible {

namespace {

constexpr char kAccessAcl[] = "system.posix_acl_access";
constexpr char kCapabilities[] = "security.capability";
// Signatures of the old content (Documentation/ABI/testing/ima_policy, evm).
constexpr const char* kOfTheContent[] = {"security.ima", "security.evm"};

// xattr(7): which namespaces a process may read and set depends on its capabilities and on the filesystem.
bool MayNot(int error) {
  return error == EPERM || error == EACCES || error == ENOTSUP || platform::IsUnsupported(error);
}

// ENOENT: it was removed meanwhile; there is nothing to take over from.
Status Excused(Status status) {
  return status.error() == ENOENT || MayNot(status.error()) ? Status::Ok() : std::move(status);
}

bool TakenOver(const std::string& attribute, Kept kept) {
  // The ACL's entry for the owning group would give the next group what the old one had; capabilities would
  // run a program of another owner with more rights than its own.
  if (attribute == kAccessAcl) return kept.group;
  if (attribute == kCapabilities) return kept.owner;
  return std::none_of(std::begin(kOfTheContent), std::end(kOfTheContent),
                      [&](const char* one) { return attribute == one; });
}

Status RemoveDefaultAcl(const platform::Descriptor& file, bool* mode_changed) {
  Status status = platform::RemoveAttribute(file, kAccessAcl);
  if (!status.ok()) {
    // ENODATA: the directory has no default ACL.
    return status.error() == ENODATA || MayNot(status.error()) ? Status::Ok() : std::move(status);
  }
  *mode_changed = true;
  return Status::Ok();
}

}  // namespace

Status CopyExtendedAttributes(const platform::Directory& directory, const std::string& name, Kept kept,
                              const platform::Descriptor& file, bool* mode_changed) {
  Status copied = platform::CopyAttributes(directory, name, file);
  if (copied.ok() || copied.error() != ENOSYS) return Excused(std::move(copied));
  std::vector<std::string> attributes;
  Status status = platform::ListAttributes(directory, name, &attributes);
  if (!status.ok()) return Excused(std::move(status));
  bool has_acl = false;
  for (const std::string& attribute : attributes) {
    if (!TakenOver(attribute, kept)) continue;
    std::string value;
    status = platform::GetAttribute(directory, name, attribute, &value);
    if (!status.ok()) {
      if (status.error() == ENODATA || status.error() == ENOENT || MayNot(status.error())) continue;
      return status;
    }
    status = platform::SetAttribute(file, attribute, value);
    if (!status.ok() && !MayNot(status.error())) return status;
    if (status.ok() && attribute == kAccessAcl) has_acl = *mode_changed = true;
  }
  return has_acl ? Status::Ok() : RemoveDefaultAcl(file, mode_changed);
}

Status TakeOverAccessList(const platform::Directory& directory, const std::string& name,
                          const platform::Descriptor& file) {
  return Excused(platform::CopyAccessList(directory, name, file));
}

}  // namespace indelible
