import type { Saved } from '../base/save-request.js';
import type { StreamingSave } from '../engine/engine.js';

/** A write of half a megabyte takes long enough for what it costs to start one, and two of them fit most caches. */
export const BUFFER_SIZE = 512 * 1024;

/**
 * Gathers the chunks of a save in two buffers: while one is written, the other is filled. So small chunks cost no system
 * call each, the producer works while the disk does, and it never gets further ahead than that.
 */
export class ChunkWriter {
  readonly #save: StreamingSave;
  readonly #onFailure: (error: unknown) => void;
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #filled = 0;
  /** Being written, or free. */
  #other: Buffer | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param onFailure hears of a failed write at once; the next call rejects with it as well. */
  constructor(save: StreamingSave, onFailure: (error: unknown) => void) {
    this.#save = save;
    this.#onFailure = onFailure;
  }

  /**
   * Takes the bytes over: they may change when this has returned `undefined`, or when its promise has resolved, and not
   * before the next call may be made.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (chunk.byteLength > BUFFER_SIZE - this.#filled) return this.#writeThrough(chunk);
    this.#buffer.set(chunk, this.#filled);
    this.#filled += chunk.byteLength;
    return undefined;
  }

  /** Writes what is left, and publishes the save. */
  async finish(): Promise<Saved> {
    if (this.#filled > 0) await this.#flush();
    await this.#writing;
    return await this.#save.finish();
  }

  async #writeThrough(chunk: Uint8Array): Promise<void> {
    const fitting = BUFFER_SIZE - this.#filled;
    this.#buffer.set(chunk.subarray(0, fitting), this.#filled);
    this.#filled = BUFFER_SIZE;
    await this.#flush();
    const rest = chunk.subarray(fitting);
    if (rest.byteLength <= BUFFER_SIZE) {
      this.#buffer.set(rest);
      this.#filled = rest.byteLength;
      return;
    }
    await this.#writing;
    await this.#save.write(rest);
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const full = this.#buffer;
    this.#buffer = this.#other ?? Buffer.allocUnsafeSlow(BUFFER_SIZE);
    this.#other = full;
    this.#writing = this.#save.write(full.subarray(0, this.#filled));
    this.#writing.catch(this.#onFailure);
    this.#filled = 0;
  }
}
