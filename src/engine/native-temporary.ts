import type { Addon, NativeFailure, NativeRequest } from './addon.js';
import type { OpenedTemporary, OpenRequest, Saved } from './engine.js';

/** What the native engine knows about a file that it has opened. */
interface Opened {
  readonly addon: Addon;
  readonly ticket: number;
  readonly fd: number;
  readonly unnamed: boolean;
  requestOf(request: OpenRequest): NativeRequest;
  saved(request: OpenRequest, outcome: number | NativeFailure): Saved;
  /** Answers what the addon asks about filesystems. */
  decide(): void;
}

/** A temporary of the addon, for the caller to write. */
export class NativeTemporary implements OpenedTemporary {
  readonly #opened: Opened;
  #closed = false;

  constructor(opened: Opened) {
    this.#opened = opened;
  }

  get fd(): number {
    return this.#opened.fd;
  }

  get unnamed(): boolean {
    return this.#opened.unnamed;
  }

  async publish(request: OpenRequest): Promise<Saved> {
    const { addon, ticket, requestOf, saved } = this.#opened;
    const native = requestOf(request);
    const its = native[7];
    const cancel = (): void => addon.cancel(its);
    request.signal?.addEventListener('abort', cancel, { once: true });
    try {
      // At once: the call's place among the saves to its path.
      const outcome = await addon.publishTemporary(...native, ticket);
      return saved(request, outcome);
    } finally {
      request.signal?.removeEventListener('abort', cancel);
    }
  }

  publishSync(request: OpenRequest): Saved {
    const { addon, ticket, requestOf, saved, decide } = this.#opened;
    const native = requestOf(request);
    for (;;) {
      const outcome = addon.publishTemporarySync(...native, ticket);
      if (outcome !== null) return saved(request, outcome);
      decide();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#opened.addon.closeTemporary(this.#opened.ticket);
  }

  closeSync(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#opened.addon.closeTemporarySync(this.#opened.ticket);
  }
}
