import { constants } from 'node:fs';
import { throwIfAborted } from '../../base/abortable.js';
import { refuseIfLost } from '../../base/data.js';
import { failedWith, refusal } from '../../base/fs-error.js';
import { inDirectory } from '../../base/path-bytes.js';
import type { SaveParameters } from '../../base/save-request.js';
import type { Steps } from '../steps.js';
import { temporaryName } from '../temporary-name.js';
import {
  close,
  fchmod,
  fdatasync,
  fstatExactly,
  fsync,
  isDenied,
  lstatExactly,
  open,
  unlink,
  write,
  writeThroughFlag,
} from './plain-fs.js';
import { retryWhileBusy } from './retry-while-busy.js';

/** A name has 80 random bits, so even one collision means that something else is wrong. */
const MAX_NAME_ATTEMPTS = 8;

/** In bytes. The signal is checked before each write. A single write(2) could take up to 0x7ffff000 bytes. */
const MAX_WRITE = 8 * 2 ** 20;

// O_NOFOLLOW is missing on Windows, where an exclusive creation follows no link either.
const CREATION_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

const WRITE_BITS = 0o222n;

/** The new version of a file, in the same directory as the old one, until the rename. */
export class Temporary {
  readonly path: Buffer;
  readonly descriptor: number;
  #open = true;

  private constructor(path: Buffer, descriptor: number) {
    this.path = path;
    this.descriptor = descriptor;
  }

  /** @param syncs whether it will be synced. */
  static *create(directory: Buffer, mode: number, local: boolean, syncs: boolean): Steps<Temporary> {
    const flags = CREATION_FLAGS | (syncs ? (writeThroughFlag ?? 0) : 0);
    for (let attempt = 1; ; attempt += 1) {
      const path = inDirectory(directory, temporaryName(local));
      try {
        return new Temporary(path, yield* open(path, flags, mode));
      } catch (error) {
        if (attempt === MAX_NAME_ATTEMPTS || !failedWith(error, 'EEXIST')) throw error;
      }
    }
  }

  /**
   * Writes all of the data, in as many writes as necessary.
   *
   * @param size of the data when the save was called.
   */
  *write({ path, signal }: SaveParameters, data: Uint8Array, size: number): Steps<void> {
    for (let offset = 0; offset < size; ) {
      throwIfAborted(signal);
      refuseIfLost(data, size);
      const length = Math.min(size - offset, MAX_WRITE);
      const written = yield* write(this.descriptor, data, offset, length);
      // write(2) gives no reason, and more writes would not help.
      if (written === 0) throw refusal('EIO', 'write', path);
      offset += written;
    }
  }

  /**
   * A failure is final: the kernel may drop the pages, and another sync would succeed without them.
   *
   * @returns `false` if Node's permission model refuses the sync.
   */
  *sync(): Steps<boolean> {
    // Each write has synced it.
    if (writeThroughFlag !== undefined) return true;
    try {
      yield* fdatasync(this.descriptor);
      return true;
    } catch (error) {
      if (isDenied(error)) return false;
      throw error;
    }
  }

  /** Some filesystems (NFS, FUSE, quotas) report only here that the data could not be stored. */
  *close(): Steps<void> {
    // The descriptor is closed even if close(2) fails.
    this.#open = false;
    yield* close(this.descriptor);
  }

  /** Called after the sync of the directory, if that may not be enough (`PortablePlan.syncsFileAgain`). */
  *syncAgain(): Steps<void> {
    yield* fsync(this.descriptor);
  }

  /** After a link to `target`: removes the name of the temporary. */
  *unlink(target: Buffer): Steps<void> {
    const protect = process.platform === 'win32' ? yield* this.#holdReadOnly(target) : undefined;
    try {
      yield* retryWhileBusy(() => unlink(this.path));
    } finally {
      if (protect !== undefined) yield* ignoringFailure(protect());
    }
  }

  /**
   * The names of a file on Windows share its read-only attribute, and older versions of libuv clear it in
   * order to remove a name (src/win/fs.c, fs__unlink).
   *
   * @returns what sets the attribute again; `undefined` if the file is writable, or is no longer at `target`.
   */
  *#holdReadOnly(target: Buffer): Steps<(() => Steps<void>) | undefined> {
    const own = yield* lstatExactly(this.path);
    if ((own.mode & WRITE_BITS) !== 0n) return undefined;
    let descriptor: number;
    try {
      descriptor = yield* open(target, constants.O_RDONLY);
    } catch {
      return undefined;
    }
    return function* (): Steps<void> {
      try {
        const held = yield* fstatExactly(descriptor);
        if (held.ino === own.ino && held.dev === own.dev) yield* fchmod(descriptor, Number(own.mode));
      } finally {
        yield* close(descriptor);
      }
    };
  }

  /** Closes the file and ignores errors. Never throws. */
  *release(): Steps<void> {
    if (this.#open) yield* ignoringFailure(this.close());
  }

  /** Closes and removes the temporary. Never throws: it runs after another error. */
  *discard(): Steps<void> {
    yield* this.release();
    yield* ignoringFailure(retryWhileBusy(() => unlink(this.path)));
  }
}

function* ignoringFailure(steps: Steps<void>): Steps<void> {
  try {
    yield* steps;
  } catch {
    // The original error is reported. `sweep` removes a temporary that is left.
  }
}

/**
 * For `PortablePlan.syncsFileAgain` if there is no new file: syncs a short-lived file. A btrfs subvolume has
 * one log (fs/btrfs/tree-log.c, btrfs_sync_log), so the sync of any file in it waits for everything that was
 * put into the log before.
 */
export function* commitLog(directory: Buffer): Steps<void> {
  const file = yield* Temporary.create(directory, 0o600, false, false);
  try {
    yield* file.syncAgain();
  } finally {
    yield* file.discard();
  }
}
