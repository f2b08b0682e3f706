#ifndef INDELIBLE_RIGHTS_H_
#define INDELIBLE_RIGHTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../platform/platform.h"
#include "access_list.h"
#include "plan.h"
#include "save_request.h"

namespace indelible {

// The rights and attributes of a new version: what it takes over from the version that it replaces, and in
// which order it gets them, so that at no instant anybody has more rights than on the finished file.
//
// | part | taken over from the replaced file | given by the caller |
// |---|---|---|
// | owner, group | with `preserve.owner`, as far as the process may; never an id that stands for unmapped
// ones | exactly, or as far as the process may (`owner.required`) | | mode | with `preserve.mode`; less where
// the list, the owner or the group is not kept | exactly, without an access list | | access list | with
// `preserve.attributes`, beside the mode, if the group is kept | - | | set-id bits | with the mode, each if
// the file has the old owner or group | exactly | | other extended attributes, file flags, project | with
// `preserve.attributes` | - | | file capabilities, signatures of the content | never | - |
//
// The order: create, for the owner alone where a list or an unknown target is involved; group; attributes,
// then the access list; content; mode without set-id bits; owner; set-id bits.
class Rights {
 public:
  // The mode of a temporary whose target is not known yet: the owner alone may use it. The sticky bit, which
  // means nothing for a file, tells it from a mode that the caller of `openTemporary` has set.
  static constexpr uint32_t kPrivateMode = 01600;

  // Reads what the new version takes over. `replaced` is the existing entry `name`.
  Status Read(const SaveRequest& request, const platform::Directory& directory, const std::string& name,
              const platform::Entry& replaced);
  bool HasReadTheSame(const Rights& other) const { return read_ == other.read_; }

  // The mode to create the temporary with. The umask applies.
  uint32_t CreationMode(const SaveRequest& request) const;

  // Before the content: group, attributes, access list. `current`: the attributes of `file`, kept up to date.
  // `directory` and `name`: of the target. `is_private`: it was created with kPrivateMode, and still has it.
  Status SetBeforeContent(const SaveRequest& request, const platform::Directory& directory,
                          const std::string& name, const platform::FilesystemId& filesystem, const Plan& plan,
                          const platform::Descriptor& file, bool is_private, platform::Attributes* current);
  // The access list, where it is not an extended attribute.
  static Status CopyAccessList(const SaveRequest& request, const platform::Directory& directory,
                               const std::string& name, const platform::Entry& replaced,
                               const platform::Descriptor& file);
  // After the content: the mode without set-id bits.
  Status SetMode(const SaveRequest& request, const platform::Descriptor& file, platform::Attributes* current);
  // Whether SetOwner will give the file to another user.
  bool ChangesOwner(const SaveRequest& request, const platform::Attributes& current) const;
  // Last: the owner, and the set-id bits.
  Status SetOwner(const SaveRequest& request, const platform::Descriptor& file,
                  platform::Attributes* current);

 private:
  enum class List { kNone, kKnown, kUnknown };
  using AttributeValue = std::pair<std::string, std::string>;

  // What Read has found.
  struct Found {
    // Whether a regular file is replaced.
    bool exists = false;
    platform::Attributes attributes;
    List list = List::kNone;
    std::string list_value;
    // Without the access list.
    std::vector<AttributeValue> others;

    bool operator==(const Found& other) const;
  };

  bool TakesOwner(const SaveRequest& request) const { return read_.exists && request.preserve_owner; }
  bool TakesMode(const SaveRequest& request) const {
    return read_.exists && request.preserve_mode && !request.has_mode;
  }
  bool HasFinalMode(const SaveRequest& request) const { return request.has_mode || TakesMode(request); }
  bool HasMode(const SaveRequest& request) const {
    return is_new_ || HasFinalMode(request) || (request.create_mode & 07000) != 0;
  }
  uint32_t WantedUser(const SaveRequest& request, uint32_t current) const;
  uint32_t WantedGroup(const SaveRequest& request, uint32_t current) const;
  bool KeepsOwner(const SaveRequest& request, uint32_t uid) const;
  bool KeepsGroup(const SaveRequest& request, uint32_t gid) const;
  bool HasOldOwner(uint32_t uid) const;
  bool HasOldGroup(uint32_t gid) const;
  Status TakeList(Status status, std::string value);
  Status ReadNewFile(const SaveRequest& request, const platform::Directory& directory, const Plan& plan);
  Status ReadModel(const SaveRequest& request, const platform::Descriptor& model);
  Status SetAttributes(const platform::Directory& directory, const std::string& name,
                       const platform::FilesystemId& filesystem, const Plan& plan,
                       const platform::Descriptor& file) const;
  Status SetGroup(const SaveRequest& request, const platform::Descriptor& file,
                  platform::Attributes* current);
  Status SetList(const SaveRequest& request, const platform::Descriptor& file, platform::Attributes* current);
  uint32_t FinalMode(const SaveRequest& request, const platform::Attributes& current, bool owner_kept) const;
  static Status CheckSetId(const SaveRequest& request, const platform::Descriptor& file);

  Found read_;
  // Whether mode and list are those of a new file.
  bool is_new_ = false;
  // The mode and list to take over: of the replaced file, or of a new one.
  uint32_t mode_ = 0;
  uint32_t group_ = 0;
  List list_ = List::kNone;
  std::string list_value_;
  AccessList effect_;
  // Whether the new version has the list of the old one, or one of its directory that could not be removed.
  bool list_kept_ = false;
  bool list_inherited_ = false;
};

}  // namespace indelible

#endif  // INDELIBLE_RIGHTS_H_
