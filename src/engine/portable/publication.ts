import { indelibleError } from '../../base/errors.js';
import { failedWith, toSaveError } from '../../base/fs-error.js';
import { cannotKeepPreviousError, modifiedError } from '../../base/save-errors.js';
import type { SaveParameters } from '../../base/save-request.js';
import { mayBeUnavailable } from '../../fs/optional-calls.js';
import { areSameFile, link, rename, unlink } from '../../fs/plain/plain-fs.js';
import { retryWhileBusy } from '../../fs/plain/retry-while-busy.js';
import { runSync, type Steps } from '../../fs/steps.js';
import { isExclusive } from './file-version.js';
import type { PreviousVersion } from './previous-version.js';

/** The number of attempts while other programs create and remove the target. */
const MAX_ATTEMPTS = 10;

/**
 * The step that makes the new version visible: a rename, or a link for a file that must not exist yet. If the
 * replaced version is kept, that comes before the step and is part of the publication.
 */
export class Publication {
  readonly #request: SaveParameters;
  readonly #temporary: Buffer;
  readonly #target: Buffer;
  readonly #previous: PreviousVersion | undefined;
  /** Whether the step is a link. */
  #exclusive: boolean;
  /** Whether everything before the step is done. */
  #prepared: boolean;
  /** The temporary path to which the asynchronous run links the old version first. */
  #pinnedName: Buffer | undefined;
  #ended = false;
  #finishedBySync = false;
  /** The error with which `finishSync` failed before the step. */
  #failure: { error: unknown } | undefined;

  constructor(request: SaveParameters, temporary: Buffer, target: Buffer, previous?: PreviousVersion) {
    this.#request = request;
    this.#exclusive = isExclusive(request);
    this.#temporary = temporary;
    this.#target = target;
    this.#previous = previous;
    this.#prepared = previous === undefined;
  }

  /** After a link the temporary's own name still exists. */
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
   * Finishes the publication on the calling thread while its call may be running on one of Node's threads:
   * makes the same call here. Exactly one of the two calls succeeds, and the publication is done when this
   * returns. The other call finds that the temporary no longer exists (rename) or that the target exists
   * (link).
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
        // The target is already linked, or another program has created a file, which must be kept.
        if (!runSync(areSameFile(this.#temporary, this.#target))) this.#restartSync();
        return;
      }
      // If the link fails here, it has succeeded on the other thread or will fail there too.
      if (!this.#exclusive && !failedWith(error, 'ENOENT')) throw this.#explainError(error);
    }
  }

  #restartSync(): void {
    try {
      // Prevents a later rename by a call that is already running.
      if (this.#pinnedName !== undefined) runSync(unlinkIfExists(this.#pinnedName));
      runSync(this.#publish(() => true));
      this.#finishedBySync = true;
    } catch (error) {
      this.#failure = { error: this.#explainError(error) };
    }
  }

  /** @param shouldContinue false if `finishSync` has finished or failed. */
  *#publish(shouldContinue: () => boolean): Steps<void> {
    if (this.#previous === undefined) return yield* this.#renameOrLink();
    for (let attempt = 1; shouldContinue(); attempt += 1) {
      const temporary = this.#previous.newName();
      this.#pinnedName = temporary;
      const existing = yield* this.#previous.keep(this.#target, temporary, shouldContinue);
      if (!shouldContinue()) return;
      this.#prepared = true;
      // A file that another program creates in between must not be replaced without being kept.
      this.#exclusive = !existing;
      try {
        return yield* this.#renameOrLink();
      } catch (error) {
        if (existing || attempt === MAX_ATTEMPTS || !failedWith(error, 'EEXIST')) throw error;
      }
      if (shouldContinue()) this.#prepared = false;
    }
  }

  #renameOrLink(): Steps<void> {
    const call = this.#exclusive ? link : rename;
    return retryWhileBusy(() => call(this.#temporary, this.#target));
  }

  #explainError(error: unknown): unknown {
    const { path, expected } = this.#request;
    if (expected === 'missing' && failedWith(error, 'EEXIST')) return modifiedError(path);
    if (this.#exclusive && mayBeUnavailable('link', error)) {
      if (this.#previous !== undefined) return cannotKeepPreviousError(this.#request, error);
      const message = `The filesystem has no atomic way to create '${path}' only if it does not exist`;
      return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'link', path, cause: error });
    }
    if (!this.#exclusive && process.platform === 'linux' && failedWith(error, 'EBUSY')) {
      const hint =
        'it is a mount point, for example a file mounted into a container; a rename cannot replace it';
      return toSaveError(error, { path, hint });
    }
    return toSaveError(error, { path });
  }
}

function* unlinkIfExists(path: Buffer): Steps<void> {
  try {
    yield* unlink(path);
  } catch {
    // It was renamed, or does not exist yet. In the latter case the run that links it removes it.
  }
}
