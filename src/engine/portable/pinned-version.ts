import { failedWith } from '../../base/fs-error.js';
import { inDirectory } from '../../base/path-bytes.js';
import { link, lstat, stat, unlink } from '../../fs/plain/plain-fs.js';
import type { Steps } from '../../fs/steps.js';
import { temporaryName } from '../../fs/temporary-name.js';

/** S_ISVTX (inode(7)). */
const STICKY = 0o1000;

/**
 * A second link to the version that is about to be replaced, so that its inode and blocks are not reused
 * until the new version's name is on disk (`Plan.replaced`).
 */
export class PinnedVersion {
  readonly #directory: Buffer;
  #name: Buffer | undefined;

  /** @param directory the directory of the target. */
  constructor(directory: Buffer) {
    this.#directory = directory;
  }

  /** A version that cannot be pinned is replaced anyway. It makes a difference only after a crash. */
  *pin(target: Buffer, local: boolean): Steps<void> {
    const name = inDirectory(this.#directory, temporaryName(local));
    try {
      if (!(yield* this.#isRemovable(target))) return;
      yield* link(target, name);
      this.#name = name;
    } catch {
      // ENOENT: another program has removed it. EPERM: the file belongs to another user, with
      // fs.protected_hardlinks (proc(5)). EMLINK: the version has other links, so its inode stays.
    }
  }

  /**
   * In a sticky directory another user's file may be linked, but not renamed or removed (unlink(2), EPERM).
   */
  *#isRemovable(target: Buffer): Steps<boolean> {
    const directory = yield* stat(this.#directory);
    if ((directory.mode & STICKY) === 0) return true;
    const user = process.geteuid?.();
    return user === 0 || user === directory.uid || user === (yield* lstat(target)).uid;
  }

  *release(): Steps<void> {
    if (this.#name === undefined) return;
    const name = this.#name;
    this.#name = undefined;
    try {
      yield* unlink(name);
    } catch (error) {
      if (!failedWith(error, 'ENOENT')) throw error;
    }
  }

  /** The same after a failure. Ignores errors. */
  *discard(): Steps<void> {
    try {
      yield* this.release();
    } catch {
      // The earlier error is reported. A sweep removes what remains.
    }
  }
}
