import { constants } from 'node:fs';
import { failedCall, failedWith } from '../../base/fs-error.js';
import { parentOf } from '../../base/path-bytes.js';
import { shared } from '../../base/shared-state.js';
import type { Steps } from '../steps.js';
import { close, fstat, fsync, mkdir, open } from './plain-fs.js';

// O_DIRECTORY is missing on Windows.
const FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);
const MODE = 0o777;

/** The directory of a target, held open for its sync. */
export class Directory {
  readonly path: Buffer;
  /** Not set where the directory may be written and entered but not read: then it cannot be opened, so not synced. */
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
   * @returns false where there is no such thing for this directory or filesystem. Any other failure throws.
   */
  *sync(): Steps<boolean> {
    if (this.descriptor === undefined) return false;
    try {
      yield* fsync(this.descriptor);
      return true;
    } catch (error) {
      // fsync(2): EINVAL is for what "does not support synchronization". Windows has no way to flush a directory.
      if (failedWith(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) return false;
      if (process.platform === 'win32' && failedWith(error, 'EPERM', 'EISDIR', 'EBADF')) return false;
      throw error;
    }
  }

  /** Its failure means nothing: nothing was written through this descriptor. */
  *close(): Steps<void> {
    if (this.descriptor === undefined) return;
    try {
      yield* close(this.descriptor);
    } catch {
      // As above.
    }
  }
}

/** Where open(2) cannot be told to take directories only. */
function* refuseUnlessDirectory(descriptor: number): Steps<void> {
  if ((yield* fstat(descriptor)).isDirectory()) return;
  yield* close(descriptor);
  throw failedCall('ENOTDIR', 'open');
}

/** Opens a directory, or the nearest one above it that is there, which is then not the one that was asked for. */
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
 * Makes the missing directories between one that is there and `path`.
 *
 * @param durable whether the new names are synced, each in its directory.
 * @returns whether they are, as far as that was wanted.
 */
export function* makeDirectories(nearest: Directory, path: Buffer, durable: boolean): Steps<boolean> {
  const missing: Buffer[] = [];
  for (let directory = path; !directory.equals(nearest.path); directory = parentOf(directory)) {
    missing.unshift(directory);
  }
  let synced = durable ? yield* syncNamesBeingMade(nearest.path) : true;
  for (const directory of missing) {
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

/** Somebody else may make it first. If that is not a directory, opening it will say so. */
function* mkdirIfMissing(directory: Buffer): Steps<void> {
  try {
    yield* mkdir(directory, MODE);
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error;
  }
}

/** Syncs the names of those directories on the way to `path` that another save of this process is just making. */
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
