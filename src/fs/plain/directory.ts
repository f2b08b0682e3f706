import { constants } from 'node:fs';
import { failedCall, failedWith } from '../../base/fs-error.js';
import { parentOf } from '../../base/path-bytes.js';
import { mayBeUnavailable } from '../optional-calls.js';
import type { Steps } from '../steps.js';
import { close, closeIgnoringErrors, fstat, fsync, maySync, open } from './plain-fs.js';

// O_DIRECTORY is missing on Windows.
const FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);

/** The directory of a target, kept open for its sync. */
export class Directory {
  readonly path: Buffer;
  /**
   * `undefined` if it cannot be synced: it may be written and entered but not read, or Node's permission model
   * refuses the sync.
   */
  readonly descriptor: number | undefined;

  constructor(path: Buffer, descriptor: number | undefined) {
    this.path = path;
    this.descriptor = descriptor;
  }

  /** @param flags `O_NOFOLLOW` refuses a symbolic link at the path. */
  static *open(path: Buffer, flags = 0): Steps<Directory> {
    try {
      const descriptor = yield* open(path, FLAGS | flags);
      if (constants.O_DIRECTORY === undefined) yield* refuseUnlessDirectory(descriptor);
      if (yield* maySync(descriptor)) return new Directory(path, descriptor);
      yield* close(descriptor);
      return new Directory(path, undefined);
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
      // fsync(2): EINVAL means "does not support synchronization".
      if (mayBeUnavailable('syncDirectory', error)) return false;
      throw error;
    }
  }

  /** Errors are ignored: nothing was written through this descriptor. */
  *close(): Steps<void> {
    if (this.descriptor !== undefined) yield* closeIgnoringErrors(this.descriptor);
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
