import { refusal } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import { bytesOfPath, nameOf, parentOf, withoutTrailingSeparators } from '../base/path-bytes.js';
import type { FileSystemCalls, Identity, OpenDirectory } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { withPaths } from './errors.js';

/** A name in an open directory, which need not lead to anything. */
export interface EntryPath {
  /** What was asked for. */
  readonly asked: AbsolutePath;
  readonly directory: OpenDirectory;
  readonly name: Buffer;
}

/**
 * Opens the directory that a path's last component is in, for as long as the steps take.
 *
 * @param beside is open meanwhile: if its directory has the same path, it is not opened again.
 */
export function* withEntryPath<T>(
  calls: FileSystemCalls,
  asked: AbsolutePath,
  steps: (entry: EntryPath) => Steps<T>,
  beside?: EntryPath,
): Steps<T> {
  if (asked.length === 0) throw refusal('ENOENT', 'open', asked);
  const parent = parentOf(bytesOfPath(asked));
  if (beside?.directory.path.equals(parent)) return yield* steps(entryIn(beside.directory, asked));
  const directory = yield* withPaths(calls.openDirectory(parent), asked);
  try {
    return yield* steps(entryIn(directory, asked));
  } finally {
    yield* calls.close(directory);
  }
}

function entryIn(directory: OpenDirectory, asked: AbsolutePath): EntryPath {
  const path = bytesOfPath(asked);
  // The root is in no directory: `.` lets the kernel say that it cannot be renamed.
  const name = nameOf(path).length === 0 ? Buffer.from('.') : nameOf(path);
  // With it, the kernel refuses anything but a directory.
  const slash = withoutTrailingSeparators(path).length < path.length ? '/' : '';
  return { asked, directory, name: Buffer.concat([name, Buffer.from(slash)]) };
}

/** Whether the two are one file, or one directory. */
export function isSame(one: Identity, other: Identity): boolean {
  return one.inode === other.inode && one.major === other.major && one.minor === other.minor;
}

/** Whether an entry's directory is, or is somewhere in, the one that `outer` leads to. `false` where that cannot be told. */
export function* isInside(calls: FileSystemCalls, entry: EntryPath, outer: EntryPath): Steps<boolean> {
  try {
    const found = yield* calls.lookUp(outer.directory, outer.name);
    if (found.kind !== 'directory') return false;
    return (yield* calls.ancestors(entry.directory)).some((above) => isSame(above, found));
  } catch {
    return false;
  }
}

/** Whether something is mounted under a name. `false` where that cannot be told. */
export function* isMountPoint(calls: FileSystemCalls, { directory, name }: EntryPath): Steps<boolean> {
  try {
    return (yield* calls.lookUp(directory, name)).mountPoint;
  } catch {
    return false;
  }
}
