#ifndef INDELIBLE_TEMPORARY_H_
#define INDELIBLE_TEMPORARY_H_

#include <cstdint>
#include <string>

#include "../base/function_ref.h"
#include "../platform/platform.h"
#include "plan.h"
#include "save_request.h"

namespace indelible {

// The new version of a file beside the old one, before it gets the name. Destroyed without having been
// published, it removes what it made.
class Temporary {
 public:
  // The directory must outlive the temporary.
  explicit Temporary(const platform::Directory& directory) : directory_(directory) {}
  ~Temporary();
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  // With permissions no wider than the final ones. `replaced` is what stands under the target's `name`.
  Status Create(const SaveRequest& request, const std::string& name, const platform::Entry& replaced,
                bool unnamed);
  // Instead: with this mode, less the umask.
  Status CreateLocked(uint32_t mode, bool unnamed);
  // Instead: the open file of another, which keeps its own name if it has one. This one gets one as the
  // unnamed do. `*size` is how much it holds.
  Status Adopt(const Temporary& other, uint64_t* size);
  const platform::Descriptor& file() const { return file_; }
  // All of the data, however many writes that takes. `cancelled` is looked at between them.
  Status Write(const uint8_t* data, size_t size, FunctionRef<bool()> cancelled);
  // Owner first, then extended attributes, then mode: chown clears set-id bits (chown(2)), and an ACL sets
  // the mode's group bits. `name` is what `replaced` stands under; `in_memory` says what the filesystem is.
  Status SetAttributes(const SaveRequest& request, const std::string& name, const platform::Entry& replaced,
                       bool in_memory);
  // `*ordered` is false where the data may still be overtaken by the name.
  Status Sync(FileSync how, bool* ordered);
  // Ends the writing, so that what only close reports (NFS, FUSE, quota) is known before the file is
  // published. The writer's lock stays until Release.
  Status FinishWriting();

  // Gives the file the target's name. `*published` says whether it has it, also where a later step failed;
  // `*found`, whether anything is expected to stand there, and then whether it did. `expected`: the version
  // that is to be replaced and no other, or null.
  Status Replace(const std::string& name, const platform::FileVersion* expected, bool* found,
                 bool* published);
  Status PublishExclusive(const std::string& name, bool* published);
  // Fails unless that version stands under the target's name; null is whatever it is.
  Status RefuseIfChanged(const std::string& target, const platform::FileVersion* expected) const;
  // Swaps the file with what stands under the target's name, which then stands under `name()` until it is
  // removed. Fails with ENOENT where nothing stands there, and as unsupported where it cannot be done in one
  // step.
  Status Exchange(const std::string& target, const platform::FileVersion* expected, bool* published);
  const std::string& name() const { return name_; }
  // What stands under the temporary's own name after an exchange is nobody's any more.
  Status RemoveExchanged();
  // It is somebody's still.
  void ReleaseExchanged() { name_.clear(); }

  // After publication: waits for everything on the file's filesystem, for a directory that cannot be synced
  // itself.
  Status SyncFilesystem() const;
  // Gives up the writer's lock.
  Status Release();

 private:
  Status LetReplace();
  Status CreateNamed(uint32_t mode);
  Status TakeName();
  Status Lock(bool* linked);
  Status CopyFlags(const std::string& name);
  std::string PathOf(const std::string& name) const { return directory_.path + "/" + name; }

  const platform::Directory& directory_;
  platform::Descriptor file_;
  // Empty while there is no name in the directory that would have to be removed.
  std::string name_;
  platform::Attributes attributes_;
};

}  // namespace indelible

#endif  // INDELIBLE_TEMPORARY_H_
