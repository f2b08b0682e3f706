#include "file_update.h"

#include <errno.h>

#include <chrono>
#include <thread>
#include <utility>

namespace indelible {

namespace {

// What a file that is longer than it has said is given more room by.
constexpr uint64_t kLeastRead = 65536;

// The next in line looks again after a moment, since most updates take no longer; then the thread is given
// back, and JavaScript asks again later. 16 processes that count together on a tmpfs: 1.7 ms an update
// without this, 0.9 ms with it.
constexpr std::chrono::microseconds kFirstPause(50);
constexpr std::chrono::microseconds kLastPause(800);

// As much as the smallest of today's runtimes has in one buffer.
constexpr uint64_t kLargest = (uint64_t{1} << 31) - 1;

Status Grow(size_t room, UpdateState* state) {
  auto* const grown = static_cast<uint8_t*>(std::realloc(state->content.get(), room));
  if (grown == nullptr) return Status::Failed("read", ENOMEM);
  static_cast<void>(state->content.release());
  state->content.reset(grown);
  return Status::Ok();
}

bool SamePlace(const Target& one, const Target& other) {
  return one.name == other.name && one.identity.inode == other.identity.inode &&
         one.identity.major == other.identity.major && one.identity.minor == other.identity.minor;
}

// EBADF: a directory that cannot be read, whose descriptor takes no locks, or a filesystem (NFS) whose
// exclusive locks need one that is open for writing.
bool HasNoLocks(int error) { return platform::IsUnsupported(error) || error == ENOLCK || error == EBADF; }

}  // namespace

Status FileUpdate::Read(FreshDirectories* fresh, UpdateState* state) {
  for (;;) {
    if (place_ == nullptr) {
      Status status = Find(fresh, &place_);
      if (!status.ok()) return status;
    }
    Status status = Ask(&state->ahead);
    if (!status.ok()) return status;
    if (state->ahead > 0) {
      has_waited_ = true;
      return status;
    }
    if (!std::exchange(has_waited_, false)) return ReadFile(state);
    // Meanwhile a symbolic link may have been pointed elsewhere, or the directory been replaced.
    std::unique_ptr<Place> now;
    status = Find(fresh, &now);
    if (!status.ok()) return status;
    if (SamePlace(now->target, place_->target)) return ReadFile(state);
    place_ = std::move(now);
  }
}

Status FileUpdate::Find(FreshDirectories* fresh, std::unique_ptr<Place>* place) const {
  auto found = std::make_unique<Place>();
  Status status = ResolveTarget(request_, &found->target);
  if (!status.ok()) return status;
  if (!found->target.missing.empty()) {
    // Remembered as fresh, so that the save, if there is one, makes their names as durable as its own.
    status = fresh->Complete(&found->target, true);
    if (!status.ok()) return status;
  }
  found->lock = std::make_unique<NameLock>(found->target.directory, found->target.name);
  *place = std::move(found);
  return Status::Ok();
}

Status FileUpdate::Ask(uint64_t* ahead) {
  Status status = place_->lock->Ask(ahead);
  for (auto pause = kFirstPause; status.ok() && *ahead == 1 && pause <= kLastPause; pause *= 2) {
    std::this_thread::sleep_for(pause);
    status = place_->lock->Ask(ahead);
  }
  if (status.ok() || !HasNoLocks(status.error())) return status;
  if (must_lock_) return Status::Failed(Status::Reason::kNoLock, status.syscall(), status.error());
  *ahead = 0;
  return Status::Ok();
}

Status FileUpdate::ReadFile(UpdateState* state) {
  const Target& target = place_->target;
  platform::FileVersion version;
  Status status = platform::OpenToRead(target.directory, target.name, &file_);
  state->exists = status.ok();
  if (!state->exists) {
    if (status.error() != ENOENT) return status;
    version_ = std::make_shared<const platform::FileVersion>();
    return Status::Ok();
  }
  status = platform::ReadVersion(file_, &version);
  if (!status.ok()) return status;
  version_ = std::make_shared<const platform::FileVersion>(version);
  // One byte more than it has, so that its end is found without another turn.
  for (uint64_t room = version.size + 1;; room += kLeastRead) {
    // open(2): EFBIG is for what the program's own types cannot hold.
    if (room > kLargest) return Status::Failed("read", EFBIG);
    status = Grow(static_cast<size_t>(room), state);
    while (status.ok() && state->size < room) {
      size_t got = 0;
      status = platform::Read(file_, state->content.get() + state->size, room - state->size, &got);
      if (status.ok() && got == 0) {
        // It would block the rename of the save.
        if (platform::OpenFilesMayBlockRenames()) file_ = platform::Descriptor();
        return status;
      }
      if (!status.ok() && status.error() == EINTR) status = Status::Ok();
      state->size += got;
    }
    if (!status.ok()) return status;
    // Longer than it has said: somebody appends to it, and will be found to have changed it.
  }
}

void FileUpdate::Release() {
  // Whatever it says: closing the directory gives the lock up as well, unless a child process is just being
  // started, which holds the descriptor until it runs its own program.
  if (place_ != nullptr) static_cast<void>(place_->lock->Release().ok());
  place_.reset();
  file_ = platform::Descriptor();
}

}  // namespace indelible
