#ifndef INDELIBLE_TEMPORARY_H_
#define INDELIBLE_TEMPORARY_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "../base/function_ref.h"
#include "../platform/platform.h"
#include "plan.h"
#include "rights.h"
#include "save_request.h"
#include "temporary_name.h"

namespace indelible {

// The new version of a file beside the old one, before it gets the name. The destructor removes it unless it
// was published.
class Temporary {
 public:
  // The directory, on this filesystem, must outlive the temporary.
  Temporary(const platform::Directory& directory, const platform::FilesystemId& filesystem,
            TemporaryKind kind)
      : directory_(directory), filesystem_(filesystem), kind_(kind) {}
  ~Temporary();
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  // Creates it, with no more rights for anybody than the finished file has (rights.h). `replaced` is the
  // existing entry `name`.
  Status Create(const SaveRequest& request, const std::string& name, const platform::Entry& replaced,
                const Plan& plan);
  // Instead of Create, for a target that is not known yet: for the owner alone.
  Status CreatePrivate(bool unnamed);
  // After CreatePrivate, where the mode does not protect the content (Windows).
  Status ProtectContent(const SaveRequest& request, const std::string& name, const platform::Entry& replaced);
  // Instead of Create: the open file of another temporary, which must outlive this one. `*size` is the length
  // of the file. This temporary gets a name of its own, like an unnamed one. Where a file cannot have a
  // second name, it takes the name of the other, and gives it back unless it is published.
  Status Adopt(Temporary* other, uint64_t* size);
  // After Create or CreatePrivate: the content of an unnamed temporary that can get no name.
  Status CopyContent(const Temporary& other, FunctionRef<bool()> cancelled);
  // After CreatePrivate: the owner and the mode that the adopted file of another temporary had.
  Status CopyAdoptedRights(const Temporary& other);
  // The file needs a name and cannot get one.
  bool CannotGetName() const { return cannot_get_name_; }
  const platform::Descriptor& file() const { return file_; }
  // Writes all of the data, in as many calls as needed. `cancelled` is checked between them.
  Status Write(const uint8_t* data, size_t size, FunctionRef<bool()> cancelled);
  // After the content: the rest of the rights and attributes, in the order of rights.h. `replaced` is the
  // existing entry `name`.
  Status SetRights(const SaveRequest& request, const std::string& name, const platform::Entry& replaced,
                   const Plan& plan);
  // The same again, if the entry has other rights by now. `*changed`: it has.
  Status RefreshRights(const SaveRequest& request, const std::string& name, const platform::Entry& replaced,
                       const Plan& plan, bool* changed);
  // Starts the writeback of the data. Sync awaits it.
  Status StartWriteBack() const { return platform::StartWriteBack(file_); }
  // `*ordered` is false if the name may still reach the disk before the data.
  Status Sync(FileSync how, bool* ordered);
  // Closes the writing descriptor, so that errors that only close reports (NFS, FUSE, quota) are known before
  // the file is published. The file stays open for writing until Release, which shows a sweep that its writer
  // lives.
  Status FinishWriting();

  // Gives the file the target's name. `*published`: whether it has the name, also if a later step failed.
  // `*found`: whether the target is expected to exist, and afterwards whether it did. `expected`: the only
  // version that may be replaced, or null.
  Status Replace(const std::string& name, const platform::FileVersion* expected, bool* found,
                 bool* published);
  Status PublishExclusive(const std::string& name, bool* published);
  // Fails unless the target is that version. Null: any version.
  Status RefuseIfChanged(const std::string& target, const platform::FileVersion* expected) const;
  // Exchanges the file with the target; the old version then has the name `name()` until it is removed.
  // ENOENT if the target does not exist. Unsupported where the system has no atomic call for it.
  Status Exchange(const std::string& target, const platform::FileVersion* expected, bool* published);
  const std::string& name() const { return name_; }
  // After an exchange: removes the old version.
  Status RemoveExchanged();
  // After an exchange: the old version keeps the name.
  void ForgetExchanged() { name_.clear(); }

  // After publication, for a directory that cannot be synced: syncs the whole filesystem of the file.
  Status SyncFilesystem() const;
  // Closes the file.
  Status Release();

 private:
  Status ReleaseIfBlocking();
  Status CreateNamed(uint32_t mode);
  Status EnsureName();
  Status TakeNameOfLender(const std::string& own);
  Status LinkAndUnlink(const std::string& name, bool* published);
  void Published();
  Status ReadCreated(bool* linked);
  Status SetBeforeContent(const SaveRequest& request, const std::string& name, const Plan& plan);
  Status TakeBack(uint32_t mode);
  Status CreateWithMode(uint32_t mode, bool unnamed);

  const platform::Directory& directory_;
  const platform::FilesystemId filesystem_;
  const TemporaryKind kind_;
  platform::Descriptor file_;
  // Empty if there is no entry in the directory to remove.
  std::string name_;
  // When it was created or adopted, and now.
  platform::Attributes created_;
  platform::Attributes attributes_;
  Rights rights_;
  // The mode is still kPrivateMode, which FAT and Windows do not show.
  bool created_private_ = false;
  bool before_content_set_ = false;
  bool cannot_get_name_ = false;
  // The temporary whose file was adopted.
  Temporary* lender_ = nullptr;
  // The name that the lender had, if it was taken.
  std::string taken_;
  // Held by the temporary that has adopted this one's file and uses its name.
  std::atomic<bool> lent_{false};
};

}  // namespace indelible

#endif  // INDELIBLE_TEMPORARY_H_
