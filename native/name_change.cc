#include "name_change.h"

#include <errno.h>

#include <utility>

namespace indelible {

namespace {

using platform::Directory;
using platform::Entry;

Status Open(const Name& name, Directory* directory) {
  return std::move(platform::OpenDirectory(nullptr, name.directory, directory)).On(name.directory);
}

// Some FUSE and network filesystems cannot sync a directory: the name is as durable as they make it.
Status SyncNames(const Directory& directory) {
  Status status = platform::SyncDirectory(directory);
  if (status.ok() || platform::IsUnsupported(status.error())) return Status::Ok();
  return std::move(status).On(directory.path);
}

Status SyncBoth(const Directory& one, const Directory& other) {
  Status status = SyncNames(one);
  if (!status.ok()) return status;
  platform::Identity identity_of_one;
  platform::Identity identity_of_other;
  const bool same =
      platform::Identify(one, &identity_of_one).ok() && platform::Identify(other, &identity_of_other).ok() &&
      identity_of_one.inode == identity_of_other.inode && identity_of_one.major == identity_of_other.major &&
      identity_of_one.minor == identity_of_other.minor;
  return same ? Status::Ok() : SyncNames(other);
}

}  // namespace

Status Exchange(const Name& one, const Name& other, bool durable, bool* published) {
  Directory directory_of_one;
  Directory directory_of_other;
  Status status = Open(one, &directory_of_one);
  if (status.ok()) status = Open(other, &directory_of_other);
  if (status.ok()) status = platform::Exchange(directory_of_one, one.last, directory_of_other, other.last);
  if (!status.ok()) return status;
  *published = true;
  return durable ? SyncBoth(directory_of_one, directory_of_other) : Status::Ok();
}

Status RenameExclusive(const Name& from, const Name& to, bool durable, bool* published) {
  Directory source;
  Directory destination;
  Status status = Open(from, &source);
  if (status.ok()) status = Open(to, &destination);
  if (status.ok()) status = platform::RenameExclusive(source, from.last, destination, to.last);
  if (!status.ok()) return status;
  *published = true;
  // The new name first: after a crash between the two there is one, or both.
  return durable ? SyncBoth(destination, source) : Status::Ok();
}

Status ReplaceSymlink(const std::string& target, const Name& name, const std::string& temporary, bool durable,
                      bool* published) {
  Directory directory;
  Status status = Open(name, &directory);
  if (!status.ok()) return status;
  Entry existing;
  status = platform::LookUp(directory, name.last, &existing);
  if (!status.ok()) return status;
  if (existing.kind != Entry::Kind::kSymlink && existing.kind != Entry::Kind::kMissing) {
    return Status::Failed("symlink", EEXIST);
  }
  status = platform::MakeSymlink(target, directory, temporary);
  if (!status.ok()) return status;
  // Where nothing stood, whatever has come meanwhile stays.
  status = existing.kind == Entry::Kind::kMissing
               ? platform::RenameExclusive(directory, temporary, directory, name.last)
               : platform::Rename(directory, temporary, directory, name.last);
  if (!status.ok() && existing.kind == Entry::Kind::kMissing && platform::IsUnsupported(status.error())) {
    status = platform::Rename(directory, temporary, directory, name.last);
  }
  if (!status.ok()) {
    // The first error counts; what cannot be removed here is left to the sweep.
    static_cast<void>(platform::Unlink(directory, temporary));
    return status;
  }
  *published = true;
  return durable ? SyncNames(directory) : Status::Ok();
}

}  // namespace indelible
