import { advance, advanceSync, resultOf, type State, type Steps } from '../../fs/steps.js';
import type { OpenRequest, OpenSave, OpenSaveSync, Saved } from '../engine.js';
import type { Publication } from './publication.js';
import { updateFilePiecewise } from './save-job.js';

/** Ends the procedure of a save that is not to be published; its error is nobody's. */
const ABANDONED = new Error('This save was abandoned.');

/** A save whose data arrives in pieces. */
export class PortableOpenSave implements OpenSave {
  readonly #steps: Steps<Saved>;
  readonly #inOrder: (save: PortableOpenSave) => Promise<Saved>;
  /** Where the procedure stands when the call under way is over; rejects when that has failed. */
  #state: Promise<State<Saved>>;
  #bytes = 0;
  #finishing: Promise<Saved> | undefined;
  #abandoned = false;
  #publication: Publication | undefined;
  /** What has taken the place of this save's content before that was published. */
  #superseder: Saved | undefined;

  private constructor(request: OpenRequest, inOrder: (save: PortableOpenSave) => Promise<Saved>) {
    this.#steps = updateFilePiecewise(request, (publication) => this.#publish(publication));
    this.#inOrder = inOrder;
    this.#state = advance(this.#steps, this.#steps.next());
  }

  /** @param inOrder calls `publish` when its turn has come. */
  static async open(
    request: OpenRequest,
    inOrder: (save: PortableOpenSave) => Promise<Saved>,
  ): Promise<PortableOpenSave> {
    const save = new PortableOpenSave(request, inOrder);
    await save.#state;
    return save;
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.#abandoned) throw ABANDONED;
    this.#bytes += piece.byteLength;
    this.#state = advance(this.#steps, this.#steps.next(piece));
    await this.#state;
  }

  async finish(): Promise<Saved> {
    if (this.#abandoned) throw ABANDONED;
    this.#finishing = this.#inOrder(this);
    return await this.#finishing;
  }

  /** The rest of the save. */
  async publish(): Promise<Saved> {
    if (this.#abandoned) {
      await this.#discard();
      throw ABANDONED;
    }
    try {
      return resultOf(await advance(this.#steps, this.#steps.next(undefined)));
    } catch (error) {
      if (this.#superseder === undefined) throw error;
      return { ...this.#superseder, bytes: this.#bytes };
    }
  }

  async abandon(): Promise<void> {
    this.#abandoned = true;
    if (this.#finishing === undefined) await this.#discard();
    else await Promise.allSettled([this.#finishing]);
  }

  /** For a `saveSync` that comes after `finish`: publication, if it is under way, must not come after that one's. */
  finishNow(): void {
    this.#publication?.finishNow();
  }

  /** A `saveSync` after `finish` has put its own content there: this one would replace the newer by the older. */
  supersede(by: Saved): void {
    if (this.#publication === undefined) this.#superseder = by;
  }

  async #discard(): Promise<void> {
    try {
      const state = await this.#state;
      if (!state.done) await advance(this.#steps, this.#steps.throw(ABANDONED));
    } catch {
      // The procedure has taken back what it did; why it ended, its caller knows.
    }
  }

  #publish(publication: Publication): void {
    if (this.#abandoned || this.#superseder !== undefined) throw ABANDONED;
    this.#publication = publication;
  }
}

/** The same on the calling thread. */
export class PortableOpenSaveSync implements OpenSaveSync {
  readonly #steps: Steps<Saved>;
  readonly #inOrder: (publish: () => Saved) => Saved;
  /** Also where the procedure has ended with an error. */
  #over = true;

  /** @param inOrder calls its argument when the earlier saves to the path are seen to. */
  constructor(request: OpenRequest, inOrder: (publish: () => Saved) => Saved) {
    this.#steps = updateFilePiecewise(request, () => undefined);
    this.#inOrder = inOrder;
    advanceSync(this.#steps, this.#steps.next());
    this.#over = false;
  }

  write(piece: Uint8Array): void {
    this.#resume(piece);
    this.#over = false;
  }

  finish(): Saved {
    return this.#inOrder(() => resultOf(this.#resume(undefined)));
  }

  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    try {
      advanceSync(this.#steps, this.#steps.throw(ABANDONED));
    } catch {
      // As above.
    }
  }

  #resume(piece: Uint8Array | undefined): State<Saved> {
    this.#over = true;
    return advanceSync(this.#steps, this.#steps.next(piece));
  }
}
