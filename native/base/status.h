#ifndef INDELIBLE_STATUS_H_
#define INDELIBLE_STATUS_H_

#include <string>
#include <utility>

namespace indelible {

// The result of every call that can fail: fine, or which system call failed and how. Made in one place,
// checked at once by every caller.
class [[nodiscard]] Status {
 public:
  // What the facade needs to know beyond the error number.
  enum class Reason {
    kSystemCall,     // The plain error of a system call.
    kNotAFile,       // A FIFO, socket or device stands under the path.
    kNotASymlink,    // Something stands under the path, and it is not a symbolic link.
    kNotADirectory,  // Something stands under the path, and it is not a directory.
    kMountPoint,     // The target is a mount point; nothing can be renamed over it.
    kNotDurable,     // The filesystem cannot give what was asked, and `strict` was.
    kUnsupported,    // There is no atomic way to do it here.
    kNoLock,         // The filesystem has no locks.
    kChanged,        // The target is not the version any more that the caller has read.
    kCannotKeep,     // The version that is replaced cannot get a second name.
    kSamePath,       // It would have to be kept under the target's own name.
    kCancelled,      // The caller gave up before the file was published.
  };

  Status() = default;
  static Status Ok() { return Status(); }
  // `syscall` must outlive the status: a literal.
  static Status Failed(const char* syscall, int error) { return Status(Reason::kSystemCall, syscall, error); }
  static Status Failed(Reason reason, const char* syscall, int error) {
    return Status(reason, syscall, error);
  }

  bool ok() const { return syscall_ == nullptr; }
  // The positive error number of the C library.
  int error() const { return error_; }
  const char* syscall() const { return syscall_; }
  Reason reason() const { return reason_; }

  // The paths that the call was made with, where they are not simply the target's.
  Status&& On(std::string path, std::string dest = std::string()) && {
    path_ = std::move(path);
    dest_ = std::move(dest);
    return std::move(*this);
  }
  const std::string& path() const { return path_; }
  const std::string& dest() const { return dest_; }

 private:
  Status(Reason reason, const char* syscall, int error) : syscall_(syscall), error_(error), reason_(reason) {}

  const char* syscall_ = nullptr;
  int error_ = 0;
  Reason reason_ = Reason::kSystemCall;
  std::string path_;
  std::string dest_;
};

}  // namespace indelible

#endif  // INDELIBLE_STATUS_H_
