import { settlePromptly, throwIfAborted } from '../../base/abortable.js';
import type { Saved, SaveParameters } from '../../base/save-request.js';
import { advance, advanceSync, resultOf, type State, type Steps } from '../../fs/steps.js';
import type { StreamingSave, StreamingSaveSync } from '../engine.js';
import { saveFileInChunks } from './save-job.js';

/** Ends the steps of a save that is not published. */
const ABANDONED = new Error('The save was abandoned');

/** A save whose data arrives in chunks. */
export class PortableStreamingSave implements StreamingSave {
  readonly #steps: Steps<Saved>;
  readonly #inOrder: (save: PortableStreamingSave) => Promise<Saved>;
  /** The state of the steps after the current call. Rejects if the call fails. */
  #state: Promise<State<Saved>>;
  #finishing: Promise<Saved> | undefined;
  #abandoned = false;
  readonly #signal: AbortSignal | undefined;
  #publishes = false;
  /** A call is held up, and the caller knows that the save was aborted. */
  #detached = false;

  private constructor(request: SaveParameters, inOrder: (save: PortableStreamingSave) => Promise<Saved>) {
    this.#signal = request.signal;
    this.#steps = saveFileInChunks(request, () => {
      this.#throwIfAbandoned();
      throwIfAborted(this.#signal);
      this.#publishes = true;
    });
    this.#inOrder = inOrder;
    this.#state = advance(this.#steps, this.#steps.next());
  }

  /** @param inOrder calls `publish` after the earlier saves to the path. */
  static async open(
    request: SaveParameters,
    inOrder: (save: PortableStreamingSave) => Promise<Saved>,
  ): Promise<PortableStreamingSave> {
    const save = new PortableStreamingSave(request, inOrder);
    const detach = () => void save.abandon();
    await settlePromptly(save.#state, request.signal, { cancel: () => true, detach });
    return save;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#throwIfAbandoned();
    this.#state = advance(this.#steps, this.#steps.next(chunk));
    await settlePromptly(this.#state, this.#signal, {
      cancel: () => true,
      detach: () => {
        this.#detached = true;
      },
    });
  }

  async finish(): Promise<Saved> {
    this.#throwIfAbandoned();
    this.#finishing = this.#inOrder(this);
    return await this.#finishing;
  }

  /** The rest of the save. */
  async publish(): Promise<Saved> {
    if (this.#abandoned) {
      await this.#discard();
      throw ABANDONED;
    }
    return resultOf(await advance(this.#steps, this.#steps.next(undefined)));
  }

  async abandon(): Promise<void> {
    this.#abandoned = true;
    const ended = this.#finishing === undefined ? this.#discard() : Promise.allSettled([this.#finishing]);
    // The caller has waited for it already.
    if (this.#detached) return;
    const signal = this.#signal?.aborted ? this.#signal : undefined;
    await settlePromptly<unknown>(ended, signal, { cancel: () => true }).catch(() => undefined);
  }

  /** Whether the file may be published already. */
  get publishes(): boolean {
    return this.#publishes;
  }

  async #discard(): Promise<void> {
    try {
      const state = await this.#state;
      if (!state.done) await advance(this.#steps, this.#steps.throw(ABANDONED));
    } catch {
      // The steps have undone their work. The caller already has the error.
    }
  }

  #throwIfAbandoned(): void {
    if (this.#abandoned) throw ABANDONED;
  }
}

/** The same on the calling thread. */
export class PortableStreamingSaveSync implements StreamingSaveSync {
  readonly #steps: Steps<Saved>;
  readonly #inOrder: (publish: () => Saved) => Saved;
  /** Also true after an error. */
  #ended = true;

  /** @param inOrder calls its argument after it has finished the earlier saves to the path. */
  constructor(request: SaveParameters, inOrder: (publish: () => Saved) => Saved) {
    this.#steps = saveFileInChunks(request, () => undefined);
    this.#inOrder = inOrder;
    advanceSync(this.#steps, this.#steps.next());
    this.#ended = false;
  }

  write(chunk: Uint8Array): void {
    this.#resume(chunk);
    this.#ended = false;
  }

  finish(): Saved {
    return this.#inOrder(() => resultOf(this.#resume(undefined)));
  }

  abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      advanceSync(this.#steps, this.#steps.throw(ABANDONED));
    } catch {
      // As above.
    }
  }

  #resume(chunk: Uint8Array | undefined): State<Saved> {
    this.#ended = true;
    return advanceSync(this.#steps, this.#steps.next(chunk));
  }
}
