#include "tree.h"

#include <errno.h>

#include <utility>
#include <vector>

#include "save/sync_ladder.h"

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;
using platform::Identity;

// How often a directory may be found with new entries after it was emptied.
constexpr int kMostRounds = 10;

std::string PathOf(const Directory& directory, const std::string& name) {
  return directory.path + "/" + name;
}

bool SameDevice(const Identity& one, const Identity& other) {
  return one.major == other.major && one.minor == other.minor;
}

// What is done with a tree, from its leaves up.
struct Visitor {
  Status (*file)(const Directory& parent, const std::string& name, const Entry& entry);
  // All that is in the directory has been visited.
  Status (*directory)(const Directory& parent, const std::string& name, const Directory& directory);
};

class Walk {
 public:
  Walk(const Directory& parent, const Visitor& visitor) : parent_(parent), visitor_(visitor) {}

  Status Run(const std::string& name) {
    Status status = platform::Identify(parent_, &filesystem_);
    if (status.ok()) status = Enter(parent_, name);
    while (status.ok() && !levels_.empty()) status = Step();
    return status;
  }

 private:
  // A loop instead of recursion: a thread's stack is small.
  struct Level {
    std::string name;
    Directory directory;
    std::vector<platform::Listed> entries;
  };

  Status Enter(const Directory& parent, const std::string& name) {
    Level level;
    level.name = name;
    Status status = platform::OpenSubdirectory(parent, name, &level.directory);
    Identity identity;
    if (status.ok()) status = platform::Identify(level.directory, &identity);
    // Without mount ids (before Linux 5.8) the device has to tell.
    if (status.ok() &&
        (identity.mount != filesystem_.mount || (identity.mount == 0 && !SameDevice(identity, filesystem_))))
      status = Status::Failed(Status::Reason::kMountPoint, "open", EBUSY);
    if (status.ok()) status = platform::ListDirectory(level.directory, &level.entries);
    // Somebody else has removed it.
    if (status.error() == ENOENT) return Status::Ok();
    if (!status.ok()) return std::move(status).On(PathOf(parent, name));
    levels_.push_back(std::move(level));
    return Status::Ok();
  }

  Status Step() {
    if (levels_.back().entries.empty()) {
      const Level finished = std::move(levels_.back());
      levels_.pop_back();
      return visitor_.directory(Above(), finished.name, finished.directory);
    }
    Level& level = levels_.back();
    const std::string name = std::move(level.entries.back().name);
    level.entries.pop_back();
    Entry entry;
    Status status = platform::LookUp(level.directory, name, &entry);
    if (!status.ok()) return std::move(status).On(PathOf(level.directory, name));
    if (entry.kind == Entry::Kind::kMissing) return Status::Ok();
    if (entry.mount_point)
      return Status::Failed(Status::Reason::kMountPoint, "open", EBUSY).On(PathOf(level.directory, name));
    if (entry.kind == Entry::Kind::kDirectory) return Enter(level.directory, name);
    return visitor_.file(level.directory, name, entry);
  }

  const Directory& Above() const { return levels_.empty() ? parent_ : levels_.back().directory; }

  const Directory& parent_;
  const Visitor& visitor_;
  Identity filesystem_;
  std::vector<Level> levels_;
};

Status SyncEntry(const Directory& parent, const std::string& name, const Entry& entry) {
  // Everything else is made durable with its name.
  if (entry.kind != Entry::Kind::kFile) return Status::Ok();
  platform::Descriptor file;
  Reach reach = Reach::kStable;
  Status status = platform::OpenToSync(parent, name, &file);
  if (status.ok()) status = SyncFile(file, &reach);
  return status.ok() ? Status::Ok() : std::move(status).On(PathOf(parent, name));
}

Status SyncVisited(const Directory& parent, const std::string& name, const Directory& directory) {
  Reach reach = Reach::kStable;
  Status status = SyncNames(directory, &reach);
  // Some FUSE and network filesystems cannot sync a directory: it is as durable as they make it.
  if (status.ok() || platform::IsUnsupported(status.error())) return Status::Ok();
  return std::move(status).On(PathOf(parent, name));
}

// Gone is gone, whoever removed it.
Status Removed(Status status, const Directory& parent, const std::string& name) {
  if (status.ok() || status.error() == ENOENT) return Status::Ok();
  return std::move(status).On(PathOf(parent, name));
}

Status RemoveFile(const Directory& parent, const std::string& name, const Entry&) {
  return Removed(platform::Unlink(parent, name), parent, name);
}

Status RemoveEmptied(const Directory& parent, const std::string& name, const Directory&) {
  return Removed(platform::RemoveDirectory(parent, name), parent, name);
}

}  // namespace

Status SyncTree(const Directory& parent, const std::string& name) {
  const Visitor visitor{SyncEntry, SyncVisited};
  return Walk(parent, visitor).Run(name);
}

Status RemoveTree(const Directory& parent, const std::string& name) {
  Entry standing;
  Status status = platform::LookUp(parent, name, &standing);
  if (!status.ok()) return std::move(status).On(PathOf(parent, name));
  if (standing.kind == Entry::Kind::kMissing) return Status::Ok();
  if (standing.kind != Entry::Kind::kDirectory) return RemoveFile(parent, name, standing);
  const Visitor visitor{RemoveFile, RemoveEmptied};
  for (int round = 0; round < kMostRounds; ++round) {
    status = Walk(parent, visitor).Run(name);
    // A program that still runs in there has made something new.
    if (status.error() != ENOTEMPTY && status.error() != EEXIST) break;
  }
  return status;
}

}  // namespace indelible
