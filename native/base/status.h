#ifndef INDELIBLE_STATUS_H_
#define INDELIBLE_STATUS_H_

#include <memory>
#include <string>
#include <utility>

namespace indelible {

// The result of every call that can fail: success, or the system call that failed and its error number. Every
// caller checks it at once.
class [[nodiscard]] Status {
 public:
  // The cause, where JavaScript needs more than the error number.
  enum class Reason {
    kSystemCall,     // A system call failed.
    kNotAFile,       // The path names a FIFO, socket or device.
    kNotASymlink,    // The path exists and is not a symbolic link.
    kNotADirectory,  // The path exists and is not a directory.
    kMountPoint,     // The target is a mount point, which no rename can replace.
    kForeignLink,    // The link of another user in a shared directory is not followed.
    kForeignFile,    // The file of another user in a shared directory is not replaced or read.
    kWrongTarget,    // The system follows the link to another file than its text leads to.
    kNotDurable,     // The filesystem cannot achieve the durability asked for, with `strict`.
    kUnsupported,    // The system has no atomic call for it.
    kNoLock,         // The filesystem has no locks.
    kChanged,        // The target was modified after the caller had read it.
    kCannotKeep,     // The old version cannot get a second name.
    kSamePath,       // The old version would have to be kept under the target's own name.
    kCancelled,      // The caller cancelled before the file was published.
  };

  Status() = default;
  static Status Ok() { return Status(); }
  // `syscall` must be a literal: it is not copied.
  static Status Failed(const char* syscall, int error) { return Status(Reason::kSystemCall, syscall, error); }
  static Status Failed(Reason reason, const char* syscall, int error) {
    return Status(reason, syscall, error);
  }

  bool ok() const { return syscall_ == nullptr; }
  // The error number of the C library, positive.
  int error() const { return error_; }
  const char* syscall() const { return syscall_; }
  Reason reason() const { return reason_; }

  // The paths of the call, where they are not the target's.
  Status&& On(std::string path, std::string dest = std::string()) && {
    paths_ = std::make_shared<const Paths>(Paths{std::move(path), std::move(dest)});
    return std::move(*this);
  }
  std::string path() const { return paths_ == nullptr ? std::string() : paths_->path; }
  std::string dest() const { return paths_ == nullptr ? std::string() : paths_->dest; }

 private:
  struct Paths {
    std::string path;
    std::string dest;
  };

  Status(Reason reason, const char* syscall, int error) : syscall_(syscall), error_(error), reason_(reason) {}

  const char* syscall_ = nullptr;
  int error_ = 0;
  Reason reason_ = Reason::kSystemCall;
  // Only of a failure: nearly every call succeeds, and returns a status.
  std::shared_ptr<const Paths> paths_;
};

}  // namespace indelible

#endif  // INDELIBLE_STATUS_H_
