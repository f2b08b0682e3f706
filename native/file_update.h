#ifndef INDELIBLE_FILE_UPDATE_H_
#define INDELIBLE_FILE_UPDATE_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/status.h"
#include "name_lock.h"
#include "platform/platform.h"
#include "save/fresh_directories.h"
#include "save/save_request.h"
#include "save/target.h"

namespace indelible {

struct FreeContent {
  void operator()(uint8_t* content) const { std::free(content); }
};

// What an update found when it asked.
struct UpdateState {
  // How many updates of the file come first, at most; what follows is known only where it is 0.
  uint64_t ahead = 0;
  bool exists = false;
  std::unique_ptr<uint8_t, FreeContent> content;
  size_t size = 0;
};

// Reading, changing and saving a file as one step among all that do it this way: the lock, and what was read
// under it. Each call runs on the caller's thread and waits for nothing but the disk. The calls come one
// after the other.
class FileUpdate {
 public:
  // Of the request only the path and how to find its target count. Without `must_lock` it goes on where there
  // are no locks.
  FileUpdate(SaveRequest request, bool must_lock) : request_(std::move(request)), must_lock_(must_lock) {}
  FileUpdate(const FileUpdate&) = delete;
  FileUpdate& operator=(const FileUpdate&) = delete;

  // Asks for the lock on what the path leads to, and reads that if it is this update's turn; else again
  // later.
  Status Read(FreshDirectories* fresh, UpdateState* state);
  // The version that was read: a save that names it fails if it is not the one that it would replace.
  const std::shared_ptr<const platform::FileVersion>& version() const { return version_; }
  // Gives the lock up and closes everything. Nothing else may be called afterwards.
  void Release();

 private:
  // Where the path leads, and the lock on it.
  struct Place {
    Target target;
    std::unique_ptr<NameLock> lock;
  };

  Status Find(FreshDirectories* fresh, std::unique_ptr<Place>* place) const;
  Status Ask(uint64_t* ahead);
  Status ReadFile(UpdateState* state);

  const SaveRequest request_;
  const bool must_lock_;
  std::unique_ptr<Place> place_;
  bool has_waited_ = false;
  std::shared_ptr<const platform::FileVersion> version_;
  // Held open, so that no other file gets its inode's number while that is compared.
  platform::Descriptor file_;
};

}  // namespace indelible

#endif  // INDELIBLE_FILE_UPDATE_H_
