import { indelibleError } from '../../base/errors.js';
import { failedWith, toSaveError } from '../../base/fs-error.js';
import { cannotKeepPreviousError, modifiedError } from '../../base/save-errors.js';
import type { SaveParameters } from '../../base/save-request.js';
import { link, lstat, rename, unlink } from '../../fs/plain/plain-fs.js';
import { retryWhileBusy } from '../../fs/plain/retry-while-busy.js';
import { runSync, type Steps } from '../../fs/steps.js';
import { isExclusive } from './file-version.js';
import type { PreviousVersion } from './previous-version.js';

/** How often the target may be found and then gone, or missing and then there. */
const MAX_ATTEMPTS = 10;

/**
 * The one step that makes the new version visible: a rename, or a link for a file that must not be there yet. Where the
 * version that is replaced is kept, that comes before it, and is part of the publication.
 */
export class Publication {
  readonly #request: SaveParameters;
  readonly #temporary: Buffer;
  readonly #target: Buffer;
  readonly #previous: PreviousVersion | undefined;
  /** Whether the step is a link. */
  #exclusive: boolean;
  /** All that comes before the step is done. */
  #prepared: boolean;
  /** The name that the old version is given first, by what is under way. */
  #pinnedName: Buffer | undefined;
  #ended = false;
  #finishedBySync = false;
  /** What `finishNow` has failed with before the step. */
  #failure: { error: unknown } | undefined;

  constructor(request: SaveParameters, temporary: Buffer, target: Buffer, previous?: PreviousVersion) {
    this.#request = request;
    this.#exclusive = isExclusive(request);
    this.#temporary = temporary;
    this.#target = target;
    this.#previous = previous;
    this.#prepared = previous === undefined;
  }

  /** After a link the temporary still has its own name as well. */
  get leavesTemporary(): boolean {
    return this.#exclusive;
  }

  *run(): Steps<void> {
    try {
      yield* this.#publish(() => !this.#finishedBySync && this.#failure === undefined);
    } catch (error) {
      if (this.#failure === undefined && !this.#finishedBySync) throw this.#explainError(error);
    } finally {
      this.#ended = true;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /**
   * For a call that is under way on one of Node's threads, at whatever moment that gets round to it: makes the same
   * call here. Exactly one of the two succeeds, and it is done when this returns. The other one finds the temporary's
   * name gone (rename) or the target's taken (link).
   */
  finishSync(): void {
    if (this.#ended || this.#finishedBySync || this.#failure !== undefined) return;
    if (!this.#prepared) {
      this.#restartSync();
      return;
    }
    try {
      runSync(this.#renameOrLink());
      this.#finishedBySync = true;
    } catch (error) {
      if (this.#previous !== undefined && this.#exclusive && failedWith(error, 'EEXIST')) {
        // Linked already; or somebody has put a file there, which is to be kept.
        if (!runSync(this.#isLinked())) this.#restartSync();
        return;
      }
      // A link that fails here has either succeeded there or will fail there as well.
      if (!this.#exclusive && !failedWith(error, 'ENOENT')) throw this.#explainError(error);
    }
  }

  #restartSync(): void {
    try {
      // So that a rename of it that is under way does not come later.
      if (this.#pinnedName !== undefined) runSync(unlinkIfThere(this.#pinnedName));
      runSync(this.#publish(() => true));
      this.#finishedBySync = true;
    } catch (error) {
      this.#failure = { error: this.#explainError(error) };
    }
  }

  /** @param goOn false when another has seen to it, or has failed. */
  *#publish(goOn: () => boolean): Steps<void> {
    if (this.#previous === undefined) return yield* this.#renameOrLink();
    for (let attempt = 1; goOn(); attempt += 1) {
      const own = this.#previous.newName();
      this.#pinnedName = own;
      const existing = yield* this.#previous.keep(this.#target, own, goOn);
      if (!goOn()) return;
      this.#prepared = true;
      // What somebody puts there in between must not be replaced unkept.
      this.#exclusive = !existing;
      try {
        return yield* this.#renameOrLink();
      } catch (error) {
        if (existing || attempt === MAX_ATTEMPTS || !failedWith(error, 'EEXIST')) throw error;
      }
      if (goOn()) this.#prepared = false;
    }
  }

  #renameOrLink(): Steps<void> {
    const call = this.#exclusive ? link : rename;
    return retryWhileBusy(() => call(this.#temporary, this.#target));
  }

  *#isLinked(): Steps<boolean> {
    const [one, other] = [yield* lstat(this.#temporary), yield* lstat(this.#target)];
    return one.ino === other.ino && one.dev === other.dev;
  }

  #explainError(error: unknown): unknown {
    const { path, expected } = this.#request;
    if (expected === 'missing' && failedWith(error, 'EEXIST')) return modifiedError(path);
    if (this.#exclusive && failedWith(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) {
      if (this.#previous !== undefined) return cannotKeepPreviousError(this.#request, error);
      const message = `The filesystem has no atomic way to create '${path}' only if it does not exist`;
      return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'link', path, cause: error });
    }
    if (!this.#exclusive && process.platform === 'linux' && failedWith(error, 'EBUSY')) {
      const hint =
        'it is a mount point, a file mounted into a container perhaps, which no rename can replace';
      return toSaveError(error, { path, hint });
    }
    return toSaveError(error, { path });
  }
}

function* unlinkIfThere(path: Buffer): Steps<void> {
  try {
    yield* unlink(path);
  } catch {
    // It has been renamed, or is not there yet: then whoever links it removes it.
  }
}
