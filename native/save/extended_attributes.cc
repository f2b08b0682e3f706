#include "extended_attributes.h"

#include <errno.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace indelible {

namespace {

constexpr char kAccessAcl[] = "system.posix_acl_access";
constexpr char kCapabilities[] = "security.capability";
// Signatures of the content (Documentation/ABI/testing/ima_policy, evm), wrong for another content.
constexpr const char* kContentSignatures[] = {"security.ima", "security.evm"};

// xattr(7): the namespaces that a process may read and set depend on its capabilities and on the filesystem.
bool IsForbidden(int error) {
  return error == EPERM || error == EACCES || error == ENOTSUP || platform::IsUnsupported(error);
}

// ENOENT: the old file was removed meanwhile, so there is nothing to copy.
Status IgnoreForbidden(Status status) {
  return status.error() == ENOENT || IsForbidden(status.error()) ? Status::Ok() : std::move(status);
}

bool IsPreserved(const std::string& attribute, KeptOwnership kept) {
  // The access list's entry for the owning group would give another group the rights of the old one.
  // Capabilities would run a program of another owner with more rights than its own.
  if (attribute == kAccessAcl) return kept.mode && kept.group;
  if (attribute == kCapabilities) return kept.owner;
  return std::none_of(std::begin(kContentSignatures), std::end(kContentSignatures),
                      [&](const char* one) { return attribute == one; });
}

Status RemoveDefaultAcl(const platform::Descriptor& file, bool* mode_changed) {
  Status status = platform::RemoveAttribute(file, kAccessAcl);
  if (!status.ok()) {
    // ENODATA: the directory has no default access list.
    return status.error() == ENODATA || IsForbidden(status.error()) ? Status::Ok() : std::move(status);
  }
  *mode_changed = true;
  return Status::Ok();
}

}  // namespace

Status PreserveExtendedAttributes(const platform::Directory& directory, const std::string& name,
                                  KeptOwnership kept, const platform::Descriptor& file, bool* mode_changed) {
  Status copied = platform::CopyAttributes(directory, name, file);
  if (copied.ok() || copied.error() != ENOSYS) return IgnoreForbidden(std::move(copied));
  std::vector<std::string> attributes;
  Status status = platform::ListAttributes(directory, name, &attributes);
  if (!status.ok()) return IgnoreForbidden(std::move(status));
  bool has_acl = false;
  for (const std::string& attribute : attributes) {
    if (!IsPreserved(attribute, kept)) continue;
    std::string value;
    status = platform::GetAttribute(directory, name, attribute, &value);
    if (!status.ok()) {
      if (status.error() == ENODATA || status.error() == ENOENT || IsForbidden(status.error())) continue;
      return status;
    }
    status = platform::SetAttribute(file, attribute, value);
    if (!status.ok() && !IsForbidden(status.error())) return status;
    if (status.ok() && attribute == kAccessAcl) has_acl = *mode_changed = true;
  }
  return has_acl || !kept.mode ? Status::Ok() : RemoveDefaultAcl(file, mode_changed);
}

Status PreserveAccessList(const platform::Directory& directory, const std::string& name,
                          const platform::Descriptor& file) {
  return IgnoreForbidden(platform::CopyAccessList(directory, name, file));
}

}  // namespace indelible
