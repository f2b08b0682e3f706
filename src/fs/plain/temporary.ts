import { constants } from 'node:fs';
import { throwIfAborted } from '../../base/abortable.js';
import { failedWith, refusal } from '../../base/fs-error.js';
import { inDirectory } from '../../base/path-bytes.js';
import type { SaveParameters } from '../../base/save-request.js';
import type { Steps } from '../steps.js';
import { temporaryName } from '../temporary-name.js';
import { close, fdatasync, fsync, open, unlink, write } from './plain-fs.js';
import { retryWhileBusy } from './retry-while-busy.js';

/** With 80 random bits in a name, even a second attempt means that something else is wrong. */
const MAX_NAME_ATTEMPTS = 8;

/** Between two looks at whether the caller has given up. One write(2) would take up to 0x7ffff000 bytes. */
const MAX_WRITE = 8 * 2 ** 20;

// O_NOFOLLOW is missing on Windows, where an exclusive creation follows no link either.
const CREATION_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** The new version of a file beside the old one, before it gets the name. */
export class Temporary {
  readonly path: Buffer;
  readonly descriptor: number;
  #open = true;

  private constructor(path: Buffer, descriptor: number) {
    this.path = path;
    this.descriptor = descriptor;
  }

  static *create(directory: Buffer, mode: number): Steps<Temporary> {
    for (let attempt = 1; ; attempt += 1) {
      const path = inDirectory(directory, temporaryName());
      try {
        return new Temporary(path, yield* open(path, CREATION_FLAGS, mode));
      } catch (error) {
        if (attempt === MAX_NAME_ATTEMPTS || !failedWith(error, 'EEXIST')) throw error;
      }
    }
  }

  /** All of the data, in as many writes as it takes. */
  *write({ path, signal }: SaveParameters, data: Uint8Array): Steps<void> {
    for (let offset = 0; offset < data.length; ) {
      throwIfAborted(signal);
      const length = Math.min(data.length - offset, MAX_WRITE);
      const written = yield* write(this.descriptor, data, offset, length);
      // write(2) does not say why; a file that stops growing is nothing to wait for.
      if (written === 0) throw refusal('EIO', 'write', path);
      offset += written;
    }
  }

  /** A failure is final: the kernel may have dropped the pages, and a second attempt would succeed without them. */
  *sync(): Steps<void> {
    yield* fdatasync(this.descriptor);
  }

  /** Some filesystems (NFS, FUSE, quotas) only say here that the data could not be stored. */
  *close(): Steps<void> {
    // Whatever it returns, the descriptor is gone (close(2)).
    this.#open = false;
    yield* close(this.descriptor);
  }

  /** Behind the sync of its directory, where that alone may not be enough (`PortablePlan.syncsFileAgain`). */
  *syncAgain(): Steps<void> {
    yield* fsync(this.descriptor);
  }

  /** For when there is nothing left to be told. Never throws. */
  *release(): Steps<void> {
    if (this.#open) yield* ignoringFailure(this.close());
  }

  /** Closes and removes what is left of it. Never throws: it runs when something has failed already. */
  *discard(): Steps<void> {
    yield* this.release();
    yield* ignoringFailure(retryWhileBusy(() => unlink(this.path)));
  }
}

function* ignoringFailure(steps: Steps<void>): Steps<void> {
  try {
    yield* steps;
  } catch {
    // The error that led here is the one to report; what remains is litter for `sweep`.
  }
}

/**
 * For `PortablePlan.syncsFileAgain` where there is no new file, by one that is there for so long only. A subvolume of btrfs has
 * one log (fs/btrfs/tree-log.c, btrfs_sync_log): the sync of any file in it waits for all that was put there before.
 */
export function* commitLog(directory: Buffer): Steps<void> {
  const file = yield* Temporary.create(directory, 0o600);
  try {
    yield* file.syncAgain();
  } finally {
    yield* file.discard();
  }
}
