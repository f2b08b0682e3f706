import { failedWith } from '../../base/fs-error.js';
import { inDirectory } from '../../base/path-bytes.js';
import { isSafeWithoutPin } from '../../fs/optional-calls.js';
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

  /**
   * @returns whether a crash during the save cannot lose the version. It is `false` where the version may not
   * be pinned: links are forbidden here, or the process may not make or not remove one.
   * @throws other failures.
   */
  *pin(target: Buffer, local: boolean): Steps<boolean> {
    const name = inDirectory(this.#directory, temporaryName(local));
    try {
      if (!(yield* this.#isRemovable(target))) return false;
      yield* link(target, name);
      this.#name = name;
      return true;
    } catch (error) {
      return isSafeWithoutPin(error);
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
