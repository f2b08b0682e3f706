import { failedWith } from '../../base/fs-error.js';
import { inDirectory } from '../../base/path-bytes.js';
import { link, lstat, stat, unlink } from '../../fs/plain/plain-fs.js';
import type { Steps } from '../../fs/steps.js';
import { temporaryName } from '../../fs/temporary-name.js';

/** S_ISVTX (inode(7)). */
const STICKY = 0o1000;

/**
 * A second name for the version that is about to be replaced, so that its inode and blocks stay its own until the new
 * version's name is on the medium (`Plan.replaced`).
 */
export class PinnedVersion {
  readonly #directory: Buffer;
  #name: Buffer | undefined;

  /** @param directory the target's. */
  constructor(directory: Buffer) {
    this.#directory = directory;
  }

  /** What cannot be held is replaced all the same: only a crash could tell. */
  *pin(target: Buffer): Steps<void> {
    const name = inDirectory(this.#directory, temporaryName());
    try {
      if (!(yield* this.#isRemovable(target))) return;
      yield* link(target, name);
      this.#name = name;
    } catch {
      // ENOENT: somebody has removed it. EPERM: another's file, with fs.protected_hardlinks (proc(5)). EMLINK: it has
      // enough names to outlive this one.
    }
  }

  /** In a sticky directory other people's files may be linked, but not renamed or removed (unlink(2), EPERM). */
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

  /** The same when something has failed already. */
  *discard(): Steps<void> {
    try {
      yield* this.release();
    } catch {
      // The error that led here is the one to report; what remains is litter for `sweep`.
    }
  }
}
