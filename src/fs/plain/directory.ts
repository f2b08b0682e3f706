import { constants } from 'node:fs';
import { failedCall, failedWith } from '../../base/fs-error.js';
import { parentOf } from '../../base/path-bytes.js';
import { shared } from '../../base/shared-state.js';
import type { Steps } from '../steps.js';
import { close, fstat, fsync, mkdir, open } from './plain-fs.js';

// O_DIRECTORY is missing on Windows.
const FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);
const MODE = 0o777;

/** The directory of a target, kept open for its sync. */
export class Directory {
  readonly path: Buffer;
  /** `undefined` if the directory may be written and entered but not read: it cannot be opened or synced. */
  readonly descriptor: number | undefined;

  constructor(path: Buffer, descriptor: number | undefined) {
    this.path = path;
    this.descriptor = descriptor;
  }

  static *open(path: Buffer): Steps<Directory> {
    try {
      const descriptor = yield* open(path, FLAGS);
      if (constants.O_DIRECTORY === undefined) yield* refuseUnlessDirectory(descriptor);
      return new Directory(path, descriptor);
    } catch (error) {
      if (
        failedWith(error, 'EACCES') ||
        (process.platform === 'win32' && failedWith(error, 'EISDIR', 'EPERM'))
      ) {
        return new Directory(path, undefined);
      }
      throw error;
    }
  }

  get readable(): boolean {
    return this.descriptor !== undefined;
  }

  /**
   * Makes the names in the directory durable.
   *
   * @returns `false` if this directory or filesystem does not support it. Any other failure throws.
   */
  *sync(): Steps<boolean> {
    if (this.descriptor === undefined) return false;
    try {
      yield* fsync(this.descriptor);
      return true;
    } catch (error) {
      // fsync(2): EINVAL means "does not support synchronization". Plain `fs` cannot flush a directory on
      // Windows.
      if (failedWith(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) return false;
      if (process.platform === 'win32' && failedWith(error, 'EPERM', 'EISDIR', 'EBADF')) return false;
      throw error;
    }
  }

  /** Errors are ignored: nothing was written through this descriptor. */
  *close(): Steps<void> {
    if (this.descriptor === undefined) return;
    try {
      yield* close(this.descriptor);
    } catch {
      // See above.
    }
  }
}

/** For systems whose open(2) has no `O_DIRECTORY`. */
function* refuseUnlessDirectory(descriptor: number): Steps<void> {
  if ((yield* fstat(descriptor)).isDirectory()) return;
  yield* close(descriptor);
  throw failedCall('ENOTDIR', 'open');
}

/** Opens a directory, or its nearest existing parent. The `path` of the result tells which. */
export function* openNearest(path: Buffer): Steps<Directory> {
  for (let nearest = path; ; nearest = parentOf(nearest)) {
    try {
      return yield* Directory.open(nearest);
    } catch (error) {
      if (!failedWith(error, 'ENOENT') || nearest.equals(parentOf(nearest))) throw error;
    }
  }
}

/**
 * Makes the missing directories between `nearest` and `path`.
 *
 * @param durable whether to sync each new name in its parent directory.
 * @returns `false` if `durable` is set and a name could not be synced.
 */
export function* makeDirectories(nearest: Directory, path: Buffer, durable: boolean): Steps<boolean> {
  const missing: Buffer[] = [];
  for (let directory = path; !directory.equals(nearest.path); directory = parentOf(directory)) {
    missing.push(directory);
  }
  let synced = durable ? yield* syncNamesBeingMade(nearest.path) : true;
  for (const directory of missing.reverse()) {
    const key = directory.toString('latin1');
    if (durable) shared.unsyncedDirectories.add(key);
    try {
      yield* mkdirIfMissing(directory);
      if (durable && !(yield* syncNameOf(directory))) synced = false;
    } finally {
      shared.unsyncedDirectories.delete(key);
    }
  }
  return synced;
}

/** Another program may create the path first. If that is not a directory, opening it fails later. */
function* mkdirIfMissing(directory: Buffer): Steps<void> {
  try {
    yield* mkdir(directory, MODE);
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error;
  }
}

/** Syncs the unsynced directories on the way to `path` that another save of this process is making. */
function* syncNamesBeingMade(path: Buffer): Steps<boolean> {
  let synced = true;
  for (let directory = path; shared.unsyncedDirectories.size > 0; directory = parentOf(directory)) {
    if (shared.unsyncedDirectories.has(directory.toString('latin1')) && !(yield* syncNameOf(directory)))
      synced = false;
    if (directory.equals(parentOf(directory))) break;
  }
  return synced;
}

function* syncNameOf(directory: Buffer): Steps<boolean> {
  const parent = yield* Directory.open(parentOf(directory));
  try {
    return yield* parent.sync();
  } finally {
    yield* parent.close();
  }
}
