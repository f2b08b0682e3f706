import { indelibleError } from '../../errors.js';
import type { OpenRequest } from '../engine.js';
import { changed } from '../update-errors.js';
import { link, rename } from './calls.js';
import { failedWith, failure } from './failure.js';
import { type Expecting, isExclusive } from './file-version.js';
import { runSync, type Steps } from './steps.js';

/** The one step that makes the new version visible: a rename, or a link for a file that must not be there yet. */
export class Publication {
  readonly #request: OpenRequest & Expecting;
  readonly #exclusive: boolean;
  readonly #temporary: Buffer;
  readonly #target: Buffer;
  #over = false;
  #finishedBySync = false;

  constructor(request: OpenRequest & Expecting, temporary: Buffer, target: Buffer) {
    this.#request = request;
    this.#exclusive = isExclusive(request);
    this.#temporary = temporary;
    this.#target = target;
  }

  /** After a link the temporary still has its own name as well. */
  *run(): Steps<void> {
    try {
      yield* this.#call();
    } catch (error) {
      if (!this.#finishedBySync) throw this.#explain(error);
    } finally {
      this.#over = true;
    }
  }

  /**
   * For a call that is under way on one of Node's threads, at whatever moment that gets round to it: makes the same
   * call here. Exactly one of the two succeeds, and it is done when this returns. The other one finds the temporary's
   * name gone (rename) or the target's taken (link).
   */
  finishNow(): void {
    if (this.#over || this.#finishedBySync) return;
    try {
      runSync(this.#call());
      this.#finishedBySync = true;
    } catch (error) {
      // A link that fails here has either succeeded there or will fail there as well.
      if (!this.#exclusive && !failedWith(error, 'ENOENT')) throw this.#explain(error);
    }
  }

  #call(): Steps<void> {
    const call = this.#exclusive ? link : rename;
    return call(this.#temporary, this.#target);
  }

  #explain(error: unknown): unknown {
    const { path, expected } = this.#request;
    if (expected === 'missing' && failedWith(error, 'EEXIST')) return changed(path);
    if (this.#exclusive && failedWith(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) {
      const message = `The filesystem has no atomic way to create '${path}' only if it does not exist`;
      return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'link', path, cause: error });
    }
    if (!this.#exclusive && process.platform === 'linux' && failedWith(error, 'EBUSY')) {
      const hint =
        'it is a mount point, a file mounted into a container perhaps, which no rename can replace';
      return failure(error, { path, hint });
    }
    return failure(error, { path });
  }
}
