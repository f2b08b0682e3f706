import type { SaveError } from '../errors.js';
import type { Addon, NativeFailure, NativeOutcome, NativeStages } from './addon.js';
import type { OpenSave, OpenSaveSync, Saved } from './engine.js';

/** What the native engine knows about a save that it opens. */
export interface Opening {
  readonly addon: Addon;
  readonly ticket: number;
  readonly signal: AbortSignal | undefined;
  /** The arguments of the addon's `openSave`. */
  readonly arguments: Parameters<Addon['openSave']>;
  failure(failure: NativeFailure): SaveError;
  saved(outcome: NativeOutcome): Saved;
  abandoned(stages: NativeStages | 0): void;
  /** Answers what the addon asks about filesystems. */
  decide(): void;
}

/** A save of the addon whose data arrives in pieces. */
export class NativeOpenSave implements OpenSave {
  readonly #opening: Opening;
  readonly #cancel: () => void;
  /** The call that is under way; the addon's promises don't reject. */
  #call: Promise<unknown> = Promise.resolve();
  #handedOver = false;
  #abandoned = false;

  private constructor(opening: Opening) {
    this.#opening = opening;
    this.#cancel = () => opening.addon.cancel(opening.ticket);
    opening.signal?.addEventListener('abort', this.#cancel, { once: true });
  }

  static async open(opening: Opening): Promise<NativeOpenSave> {
    const save = new NativeOpenSave(opening);
    for (;;) {
      const answer = await opening.addon.openSave(...opening.arguments);
      if (answer === 0) return save;
      if (answer !== null) {
        await save.abandon();
        throw opening.failure(answer as NativeFailure);
      }
      opening.decide();
    }
  }

  async write(piece: Uint8Array): Promise<void> {
    this.#refuseIfAbandoned();
    const { addon, ticket, failure } = this.#opening;
    const call = addon.appendToSave(ticket, piece);
    this.#call = call;
    const answer = await call;
    if (typeof answer === 'object') throw failure(answer);
  }

  async finish(): Promise<Saved> {
    this.#refuseIfAbandoned();
    const { addon, ticket, saved } = this.#opening;
    this.#handedOver = true;
    const call = addon.finishSave(ticket);
    this.#call = call;
    const outcome = await call;
    this.#forgetSignal();
    return saved(outcome);
  }

  async abandon(): Promise<void> {
    const { addon, ticket, abandoned } = this.#opening;
    this.#abandoned = true;
    this.#cancel();
    this.#forgetSignal();
    await this.#call;
    if (this.#handedOver) return;
    this.#handedOver = true;
    const call = addon.abandonSave(ticket);
    this.#call = call;
    abandoned(await call);
  }

  #refuseIfAbandoned(): void {
    if (this.#abandoned) throw new Error('This save was abandoned.');
  }

  #forgetSignal(): void {
    this.#opening.signal?.removeEventListener('abort', this.#cancel);
  }
}

/** The same on the calling thread. */
export class NativeOpenSaveSync implements OpenSaveSync {
  readonly #opening: Opening;
  #over = false;

  constructor(opening: Opening) {
    this.#opening = opening;
    for (;;) {
      const answer = opening.addon.openSaveSync(...opening.arguments);
      if (answer === 0) return;
      if (answer !== null) {
        this.abandon();
        throw opening.failure(answer as NativeFailure);
      }
      opening.decide();
    }
  }

  write(piece: Uint8Array): void {
    const { addon, ticket, failure } = this.#opening;
    const answer = addon.appendToSaveSync(ticket, piece);
    if (typeof answer === 'object') throw failure(answer);
  }

  finish(): Saved {
    const { addon, ticket, saved, decide } = this.#opening;
    for (;;) {
      const outcome = addon.finishSaveSync(ticket);
      if (outcome === null) {
        decide();
        continue;
      }
      this.#over = true;
      return saved(outcome);
    }
  }

  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    const { addon, ticket, abandoned } = this.#opening;
    abandoned(addon.abandonSaveSync(ticket));
  }
}
