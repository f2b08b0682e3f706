import type { Addon } from '../../addon/addon.js';
import { saveErrorOf } from '../../addon/native-error.js';
import { providePlans } from '../../addon/plan-provider.js';
import { needsPlans } from '../../addon/wire.js';
import { type Cancellation, settlePromptly } from '../../base/abortable.js';
import type { Saved, SaveParameters } from '../../base/save-request.js';
import type { StreamingSave, StreamingSaveSync } from '../engine.js';
import { addStages, cancellationOf, savedOf, submit } from './submission.js';

/** The data with which a streaming save is opened. */
const NO_DATA = new Uint8Array(0);

/** A streaming save of the addon. */
export class NativeStreamingSave implements StreamingSave {
  readonly #addon: Addon;
  readonly #request: SaveParameters;
  readonly #ticket: number;
  readonly #cancellation: Cancellation;
  /** The current call. The addon's promises do not reject. */
  #lastCall: Promise<unknown> = Promise.resolve();
  #submitted = false;
  #abandoned = false;
  /** The last call is held up, and the caller knows that the save was aborted. */
  #detached = false;

  private constructor(addon: Addon, request: SaveParameters) {
    this.#addon = addon;
    this.#request = request;
    this.#ticket = addon.issueTicket();
    const { cancel } = cancellationOf(addon, this.#ticket);
    this.#cancellation = { cancel, detach: () => this.#detach() };
  }

  static async open(addon: Addon, request: SaveParameters): Promise<NativeStreamingSave> {
    const save = new NativeStreamingSave(addon, request);
    for (;;) {
      const answer = await save.#call(submit(addon.openSave, request, NO_DATA, save.#ticket));
      if (answer === 0) return save;
      if (needsPlans(answer)) {
        providePlans(addon, answer);
        continue;
      }
      await save.abandon();
      throw saveErrorOf(request, answer);
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#throwIfAbandoned();
    const answer = await this.#call(this.#addon.appendToSave(this.#ticket, chunk));
    if (answer !== 0) throw saveErrorOf(this.#request, answer);
  }

  async finish(): Promise<Saved> {
    this.#throwIfAbandoned();
    const call = this.#addon.finishSave(this.#ticket);
    this.#submitted = true;
    return savedOf(this.#request, await this.#call(call));
  }

  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#addon.cancel(this.#ticket);
    if (this.#detached) return;
    const { signal } = this.#request;
    // A save that is aborted waits no longer for a server than its calls do.
    await settlePromptly(this.#end(), signal?.aborted ? signal : undefined, this.#cancellation).catch(
      () => undefined,
    );
  }

  /** Makes the last call after the current one. */
  async #end(): Promise<void> {
    await this.#lastCall;
    if (this.#submitted) return;
    this.#submitted = true;
    const call = this.#addon.abandonSave(this.#ticket);
    this.#lastCall = call;
    addStages(this.#request, await call);
  }

  #call<T>(call: Promise<T>): Promise<T> {
    this.#lastCall = call;
    return settlePromptly(call, this.#request.signal, this.#cancellation);
  }

  #detach(): void {
    this.#addon.unref(this.#ticket);
    if (this.#detached) return;
    this.#detached = true;
    void this.#end();
  }

  #throwIfAbandoned(): void {
    if (this.#abandoned) throw new Error('The save was abandoned');
  }
}

/** The same on the calling thread. */
export class NativeStreamingSaveSync implements StreamingSaveSync {
  readonly #addon: Addon;
  readonly #request: SaveParameters;
  readonly #ticket: number;
  #ended = false;

  constructor(addon: Addon, request: SaveParameters) {
    this.#addon = addon;
    this.#request = request;
    this.#ticket = addon.issueTicket();
    for (;;) {
      const answer = submit(addon.openSaveSync, request, NO_DATA, this.#ticket);
      if (answer === 0) return;
      if (needsPlans(answer)) {
        providePlans(addon, answer);
        continue;
      }
      this.abandon();
      throw saveErrorOf(request, answer);
    }
  }

  write(chunk: Uint8Array): void {
    const answer = this.#addon.appendToSaveSync(this.#ticket, chunk);
    if (answer !== 0) throw saveErrorOf(this.#request, answer);
  }

  finish(): Saved {
    for (;;) {
      const outcome = this.#addon.finishSaveSync(this.#ticket);
      if (needsPlans(outcome)) {
        providePlans(this.#addon, outcome);
        continue;
      }
      this.#ended = true;
      return savedOf(this.#request, outcome);
    }
  }

  abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    addStages(this.#request, this.#addon.abandonSaveSync(this.#ticket));
  }
}
