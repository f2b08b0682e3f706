import { refusal } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import { bytesOfPath, nameOf, parentOf, withoutTrailingSeparators } from '../base/path-bytes.js';
import type { FileIdentity, FileSystemCalls, OpenDirectory } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { withPaths } from './errors.js';

/** A name in an open directory. The entry need not exist. */
export interface EntryPath {
  /** The path as the caller gave it. */
  readonly path: AbsolutePath;
  readonly directory: OpenDirectory;
  readonly name: Buffer;
}

/**
 * Opens the directory of a path's last component while the steps run.
 *
 * @param opened an entry path that stays open meanwhile. If its directory has the same path, that directory
 *   is used.
 */
export function* withEntryPath<T>(
  calls: FileSystemCalls,
  path: AbsolutePath,
  steps: (entry: EntryPath) => Steps<T>,
  opened?: EntryPath,
): Steps<T> {
  if (path.length === 0) throw refusal('ENOENT', 'open', path);
  const parent = parentOf(bytesOfPath(path));
  if (opened?.directory.path.equals(parent)) return yield* steps(entryIn(opened.directory, path));
  const directory = yield* withPaths(calls.openDirectory(parent), path);
  try {
    return yield* steps(entryIn(directory, path));
  } finally {
    yield* calls.close(directory);
  }
}

function entryIn(directory: OpenDirectory, path: AbsolutePath): EntryPath {
  const bytes = bytesOfPath(path);
  // The root has no parent. With the name `.` the kernel reports that it cannot be renamed.
  const name = nameOf(bytes).length === 0 ? Buffer.from('.') : nameOf(bytes);
  // With a trailing slash the kernel refuses anything but a directory.
  const slash = withoutTrailingSeparators(bytes).length < bytes.length ? '/' : '';
  return { path, directory, name: Buffer.concat([name, Buffer.from(slash)]) };
}

/** Whether both are the same file or directory. */
export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.inode === other.inode && one.major === other.major && one.minor === other.minor;
}

export function isSameMount(one: OpenDirectory, other: OpenDirectory): boolean {
  return one.major === other.major && one.minor === other.minor && one.mountId === other.mountId;
}

/**
 * Whether the directory of `entry` is the directory `outer` or is inside it. `false` if that cannot be
 * determined.
 */
export function* isInside(calls: FileSystemCalls, entry: EntryPath, outer: EntryPath): Steps<boolean> {
  try {
    const found = yield* calls.lookUp(outer.directory, outer.name);
    if (found.kind !== 'directory') return false;
    return (yield* calls.ancestors(entry.directory)).some((above) => isSameFile(above, found));
  } catch {
    return false;
  }
}

/** Whether the entry is a mount point. `false` if that cannot be determined. */
export function* isMountPoint(calls: FileSystemCalls, { directory, name }: EntryPath): Steps<boolean> {
  try {
    return (yield* calls.lookUp(directory, name)).mountPoint;
  } catch {
    return false;
  }
}
