#include "rights.h"

#include <errno.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "links.h"
#include "optional_calls.h"
#include "temporary_name.h"

namespace indelible {

namespace {

using platform::Attributes;
using platform::Descriptor;
using platform::Directory;
using platform::Entry;

constexpr uint32_t kSetUserId = 04000;
constexpr uint32_t kSetGroupId = 02000;
constexpr uint32_t kSetId = kSetUserId | kSetGroupId;
// Set-id bits and the sticky bit.
constexpr uint32_t kSpecialBits = 07000;
constexpr uint32_t kOwnerBits = 0700;
constexpr uint32_t kOwnerWrite = 0200;
constexpr uint32_t kGroupBits = 0070;

constexpr char kAccessAcl[] = "system.posix_acl_access";

// What an extended attribute is taken over with: never; with `preserve.attributes`, and only beside the mode;
// with `preserve.attributes`.
enum class TakenWith { kNever, kMode, kAttributes };

// By the start of the name; the first row that matches counts.
constexpr struct {
  const char* start;
  TakenWith with;
} kAttributeRows[] = {
    // Would give new content the rights that an administrator has given to the old one.
    {"security.capability", TakenWith::kNever},
    // Signatures of the content (Documentation/ABI/testing/ima_policy, evm), wrong for another content.
    {"security.ima", TakenWith::kNever},
    {"security.evm", TakenWith::kNever},
    // Access lists of Samba, NFSv4, CIFS and NTFS.
    {"security.NTACL", TakenWith::kMode},
    {"system.", TakenWith::kMode},
    {"", TakenWith::kAttributes},
};

TakenWith RowOf(const std::string& attribute) {
  return std::find_if(std::begin(kAttributeRows), std::end(kAttributeRows),
                      [&](const auto& row) { return attribute.rfind(row.start, 0) == 0; })
      ->with;
}

// xattr(7): the namespaces that a process may read and set depend on its capabilities and on the filesystem.
bool IsForbidden(int error) {
  return error == EPERM || error == EACCES || error == ENOTSUP || platform::IsUnsupported(error);
}

// The attribute was removed meanwhile, alone or with its file.
bool IsGone(int error) { return error == ENODATA || error == ENOENT; }

// chown(2): an unprivileged process may not give files away, but may choose among its own groups. EINVAL and
// EOVERFLOW: its user namespace or the mount has no such user (user_namespaces(7)). A sandbox may refuse the
// call.
bool MayNotOwn(int error) { return error == EOVERFLOW || IsForbidden(error); }

// Flags that the process may not read or set, or that the filesystem does not have, are left out.
Status CopyFlags(const Directory& directory, const std::string& name,
                 const platform::FilesystemId& filesystem, const Descriptor& file) {
  if (IsUnavailable(filesystem, OptionalCall::kFlags)) return Status::Ok();
  platform::FileFlags wanted;
  platform::FileFlags current;
  Status read = platform::ReadFlags(file, &current);
  if (MayBeUnavailable(OptionalCall::kFlags, read)) {
    SetUnavailable(filesystem, OptionalCall::kFlags);
    return Status::Ok();
  }
  if (!read.ok()) return read;
  read = platform::ReadFlags(directory, name, &wanted);
  if (!read.ok()) {
    // Another program has removed it, or put something else there.
    bool gone = read.error() == ENOENT || read.error() == ELOOP || read.error() == ENXIO;
    // Another program has a lease on it (fcntl(2), F_SETLEASE).
    gone = gone || read.error() == EAGAIN;
    return gone || MayBeUnavailable(OptionalCall::kFlags, read) ? Status::Ok() : std::move(read);
  }
  if (wanted.project != current.project) {
    // A file of another project cannot be renamed into a directory that gives its project to its files
    // (EXDEV).
    bool inherits = true;
    const Status status = platform::ReadProjectInheritance(directory, &inherits);
    if (!status.ok() || inherits) wanted.project = current.project;
  }
  if (wanted.project == current.project && wanted.flags == current.flags) return Status::Ok();
  Status status = platform::SetFlags(file, wanted);
  return IsForbidden(status.error()) ? Status::Ok() : std::move(status);
}

}  // namespace

bool Rights::Found::operator==(const Found& other) const {
  return exists == other.exists && attributes.mode == other.attributes.mode &&
         attributes.uid == other.attributes.uid && attributes.gid == other.attributes.gid &&
         list == other.list && list_value == other.list_value && others == other.others;
}

Status Rights::Read(const SaveRequest& request, const Directory& directory, const std::string& name,
                    const Entry& replaced) {
  *this = Rights();
  read_.exists = replaced.kind == Entry::Kind::kFile;
  if (!read_.exists) return Status::Ok();
  read_.attributes = replaced.attributes;
  mode_ = replaced.attributes.mode;
  group_ = replaced.attributes.gid;
  if (!TakesMode(request) && !request.preserve_attributes) return Status::Ok();
  std::vector<std::string> names;
  Status status = platform::ListAttributes(directory, name, &names);
  // ENOENT: the old file was removed meanwhile.
  if (status.error() == ENOENT) return Status::Ok();
  if (!status.ok()) {
    if (!IsForbidden(status.error())) return status;
    list_ = read_.list = List::kUnknown;
    return Status::Ok();
  }
  for (const std::string& attribute : names) {
    const TakenWith with = RowOf(attribute);
    const bool taken = with == TakenWith::kAttributes || (with == TakenWith::kMode && TakesMode(request));
    // The list is read also where it is not taken over, since the mode does not show what it denies.
    if (attribute == kAccessAcl ? !TakesMode(request) : !taken || !request.preserve_attributes) continue;
    std::string value;
    status = platform::GetAttribute(directory, name, attribute, &value);
    if (attribute == kAccessAcl) {
      status = TakeList(std::move(status), std::move(value));
      read_.list = list_;
      read_.list_value = list_value_;
    } else if (status.ok()) {
      read_.others.emplace_back(attribute, std::move(value));
    }
    if (!status.ok() && !IsGone(status.error()) && !IsForbidden(status.error())) return status;
  }
  return Status::Ok();
}

// From the answer of GetAttribute. Fails if it is an error that says nothing about the list.
Status Rights::TakeList(Status status, std::string value) {
  if (IsGone(status.error())) return Status::Ok();
  if (!status.ok() && !IsForbidden(status.error())) return status;
  const bool known = status.ok() && AccessList::Parse(value, &effect_);
  list_ = known ? List::kKnown : List::kUnknown;
  list_value_ = std::move(value);
  return Status::Ok();
}

uint32_t Rights::CreationMode(const SaveRequest& request) const {
  uint32_t mode = request.create_mode & ~kSpecialBits;
  if (HasFinalMode(request)) {
    const uint32_t final = request.has_mode ? request.mode : mode_;
    const bool complete = request.has_mode || list_ == List::kNone;
    mode = complete ? indelible::CreationMode(final) : final & kOwnerBits;
  } else if (request.has_uid || request.has_gid || TakesOwner(request)) {
    // The rights of the group must not be those of another group until the file has its own.
    return kPrivateMode;
  }
  // setxattr(2) asks for the right to write, whatever the descriptor may.
  return read_.others.empty() ? mode : mode | kOwnerWrite;
}

Status Rights::CopyAccessList(const SaveRequest& request, const Directory& directory, const std::string& name,
                              const Entry& replaced, const Descriptor& file) {
  if (replaced.kind != Entry::Kind::kFile || !request.preserve_mode || request.has_mode) return Status::Ok();
  Status status = platform::CopyAccessList(directory, name, file);
  return status.error() == ENOENT || IsForbidden(status.error()) ? Status::Ok() : std::move(status);
}

Status Rights::SetBeforeContent(const SaveRequest& request, const Directory& directory,
                                const std::string& name, const platform::FilesystemId& filesystem,
                                const Plan& plan, const Descriptor& file, bool is_private,
                                Attributes* current) {
  Status status;
  if (!HasFinalMode(request) && is_private) status = ReadNewFile(request, directory, plan);
  if (status.ok()) status = SetGroup(request, file, current);
  if (status.ok() && read_.exists && request.preserve_attributes)
    status = SetAttributes(directory, name, filesystem, plan, file);
  if (status.ok() && TakesMode(request)) {
    Entry replaced;
    replaced.kind = Entry::Kind::kFile;
    status = CopyAccessList(request, directory, name, replaced, file);
  }
  if (!status.ok() || !(is_new_ || HasFinalMode(request))) return status;
  return SetList(request, file, current);
}

// All but the access list, which would take the right to write from the owner.
Status Rights::SetAttributes(const Directory& directory, const std::string& name,
                             const platform::FilesystemId& filesystem, const Plan& plan,
                             const Descriptor& file) const {
  Status status = platform::CopyAttributes(directory, name, file);
  if (!status.ok() && status.error() != ENOENT && !IsForbidden(status.error())) return status;
  for (const auto& [attribute, value] : read_.others) {
    status = platform::SetAttribute(file, attribute, value);
    if (!status.ok() && !IsForbidden(status.error())) return status;
  }
  // A filesystem in memory has no flags.
  return plan.in_memory ? Status::Ok() : CopyFlags(directory, name, filesystem, file);
}

// The rights of a new file in the directory depend on the umask and on the directory's default list. An empty
// file shows them.
Status Rights::ReadNewFile(const SaveRequest& request, const Directory& directory, const Plan& plan) {
  Descriptor model;
  if (plan.unnamed) {
    Status status = platform::CreateUnnamed(directory, request.create_mode, &model);
    return status.ok() ? ReadModel(request, model) : std::move(status);
  }
  std::string own;
  Status status = TemporaryName(KindOfLinks(plan), &own);
  if (status.ok()) status = platform::CreateFile(directory, own, request.create_mode, &model);
  if (!status.ok()) return status;
  status = ReadModel(request, model);
  // GlusterFS lists no attributes of a file without a name (ESTALE), and libfuse renames one that is open.
  model = Descriptor();
  Status removed = platform::Unlink(directory, own);
  // ENOENT: a sweep was faster.
  return status.ok() && removed.error() != ENOENT ? std::move(removed) : std::move(status);
}

Status Rights::ReadModel(const SaveRequest& request, const Descriptor& model) {
  Attributes attributes;
  bool linked = false;
  Status status = platform::ReadAttributes(model, &attributes, &linked);
  if (!status.ok()) return status;
  is_new_ = true;
  mode_ = attributes.mode | (request.create_mode & kSpecialBits);
  group_ = attributes.gid;
  list_ = List::kNone;
  std::vector<std::string> names;
  status = platform::ListAttributes(model, &names);
  if (!status.ok()) return IsForbidden(status.error()) ? Status::Ok() : std::move(status);
  if (std::find(names.begin(), names.end(), kAccessAcl) == names.end()) return Status::Ok();
  std::string value;
  status = platform::GetAttribute(model, kAccessAcl, &value);
  return TakeList(std::move(status), std::move(value));
}

Status Rights::SetGroup(const SaveRequest& request, const Descriptor& file, Attributes* current) {
  const uint32_t wanted = WantedGroup(request, current->gid);
  if (wanted == current->gid) return Status::Ok();
  Status status = platform::SetOwner(file, current->uid, wanted);
  if (status.ok()) {
    current->gid = wanted;
    return status;
  }
  const bool required = request.has_gid && request.owner_required;
  return required || !MayNotOwn(status.error()) ? std::move(status) : Status::Ok();
}

// The list of the old version, or none: that of the directory (its default list) must not be added.
Status Rights::SetList(const SaveRequest& request, const Descriptor& file, Attributes* current) {
  list_kept_ = list_inherited_ = false;
  const bool takes_list =
      (is_new_ || (TakesMode(request) && request.preserve_attributes)) && list_ == List::kKnown;
  // Until the file has its final owner, the old owner has the rights of the group or of all others.
  const uint32_t others = GroupRights(mode_) | OtherRights(mode_);
  const bool owner_covers =
      WantedUser(request, current->uid) == current->uid || (others & ~OwnerRights(mode_)) == 0;
  if (takes_list && owner_covers && KeepsGroup(request, current->gid)) {
    Status status = platform::SetAttribute(file, kAccessAcl, list_value_);
    if (!status.ok() && !IsForbidden(status.error())) return status;
    if (status.ok()) {
      list_kept_ = true;
      // The list replaces the nine bits of the mode (fs/posix_acl.c, posix_acl_update_mode).
      current->mode = (current->mode & kSpecialBits) | (mode_ & 0777);
      return status;
    }
  }
  std::vector<std::string> names;
  Status status = platform::ListAttributes(file, &names);
  if (status.ok() && std::find(names.begin(), names.end(), kAccessAcl) == names.end()) return status;
  const bool known = status.ok();
  if (!known && !IsForbidden(status.error())) return status;
  status = platform::RemoveAttribute(file, kAccessAcl);
  if (status.ok() || status.error() == ENODATA) {
    // The mask was the group's rights in the mode.
    current->mode = ~uint32_t{0};
    return Status::Ok();
  }
  if (!IsForbidden(status.error())) return status;
  // Exactly the rights that the caller asked for cannot be had.
  if (known && request.has_mode) return status;
  list_inherited_ = known;
  return Status::Ok();
}

uint32_t Rights::WantedUser(const SaveRequest& request, uint32_t current) const {
  if (request.has_uid) return request.uid;
  return TakesOwner(request) && !platform::IsAmbiguousUser(read_.attributes.uid) ? read_.attributes.uid
                                                                                 : current;
}

uint32_t Rights::WantedGroup(const SaveRequest& request, uint32_t current) const {
  if (request.has_gid) return request.gid;
  if (!TakesOwner(request)) return is_new_ ? group_ : current;
  return platform::IsAmbiguousGroup(read_.attributes.gid) ? current : read_.attributes.gid;
}

// Whether `uid` is the user that the rights of the old version are for, or whom the caller has chosen.
bool Rights::KeepsOwner(const SaveRequest& request, uint32_t uid) const {
  return (request.has_uid && uid == request.uid) || HasOldOwner(uid);
}

bool Rights::KeepsGroup(const SaveRequest& request, uint32_t gid) const {
  return (request.has_gid && gid == request.gid) || HasOldGroup(gid);
}

bool Rights::HasOldOwner(uint32_t uid) const {
  return is_new_ || (uid == read_.attributes.uid && !platform::IsAmbiguousUser(uid));
}

bool Rights::HasOldGroup(uint32_t gid) const {
  return is_new_ || (gid == read_.attributes.gid && !platform::IsAmbiguousGroup(gid));
}

uint32_t Rights::FinalMode(const SaveRequest& request, const Attributes& current, bool owner_kept) const {
  if (request.has_mode) return request.mode;
  // The system has applied the umask to the other bits.
  if (!is_new_ && !TakesMode(request)) return current.mode | (request.create_mode & kSpecialBits);
  const bool group_kept = KeepsGroup(request, current.gid);
  uint32_t mode = mode_ & ~kSetId;
  // An unknown list may deny a right to anybody.
  if (list_ == List::kUnknown) mode &= ~uint32_t{0077};
  if (!list_kept_) {
    mode = ModeWithoutList(mode, list_ == List::kKnown ? &effect_ : nullptr, owner_kept, group_kept);
  }
  // The mask of a list that the directory has added.
  if (list_inherited_) mode &= ~kGroupBits;
  // They were given to the old owner and group, and to no others.
  if (owner_kept && HasOldOwner(current.uid)) mode |= mode_ & kSetUserId;
  if (HasOldGroup(current.gid)) mode |= mode_ & kSetGroupId;
  return mode;
}

Status Rights::SetMode(const SaveRequest& request, const Descriptor& file, Attributes* current) {
  if (!HasMode(request)) return Status::Ok();
  const bool stays = !ChangesOwner(request, *current);
  uint32_t mode = FinalMode(request, *current, stays && KeepsOwner(request, current->uid));
  // chown(2) clears them.
  if (!stays) mode &= ~kSetId;
  if (mode == current->mode) return Status::Ok();
  Status status = platform::SetMode(file, mode);
  if (!status.ok() && (mode & kSetId) != 0 && !request.has_mode && IsForbidden(status.error())) {
    // A sandbox may refuse set-id bits.
    mode &= ~kSetId;
    status = mode == current->mode ? Status::Ok() : platform::SetMode(file, mode);
  }
  // Less than the wanted rights is enough, unless the caller asked for exactly these.
  if (!status.ok() && !request.has_mode && IsForbidden(status.error()) &&
      (current->mode & ~mode & ~kStickyBit) == 0)
    return Status::Ok();
  if (status.ok()) current->mode = mode;
  return status.ok() && stays ? CheckSetId(request, file) : std::move(status);
}

bool Rights::ChangesOwner(const SaveRequest& request, const Attributes& current) const {
  return WantedUser(request, current.uid) != current.uid;
}

Status Rights::SetOwner(const SaveRequest& request, const Descriptor& file, Attributes* current) {
  if (!ChangesOwner(request, *current)) return Status::Ok();
  const uint32_t wanted = WantedUser(request, current->uid);
  Status status = platform::SetOwner(file, wanted, current->gid);
  if (!status.ok()) {
    const bool required = request.has_uid && request.owner_required;
    if (required || !MayNotOwn(status.error())) return status;
  } else {
    current->uid = wanted;
  }
  if (!HasMode(request)) return Status::Ok();
  const uint32_t mode = FinalMode(request, *current, KeepsOwner(request, current->uid));
  if (mode == current->mode) return Status::Ok();
  status = platform::SetMode(file, mode);
  if (status.ok()) current->mode = mode;
  // Without the privilege only the owner may.
  if (!status.ok() && !request.has_mode && IsForbidden(status.error())) return Status::Ok();
  return status.ok() ? CheckSetId(request, file) : std::move(status);
}

// chmod(2) clears set-group-id without an error if the process is not in the group.
Status Rights::CheckSetId(const SaveRequest& request, const Descriptor& file) {
  if (!request.has_mode || (request.mode & kSetId) == 0) return Status::Ok();
  Attributes now;
  bool linked = false;
  Status status = platform::ReadAttributes(file, &now, &linked);
  if (!status.ok() || (request.mode & kSetId & ~now.mode) == 0) return status;
  return Status::Failed("fchmod", EPERM);
}

}  // namespace indelible
