import { refuseIfLost } from '../base/data.js';
import type { Saved } from '../base/save-request.js';
import type { StreamingSave } from '../engine/engine.js';

/**
 * In bytes. Starting a write costs little compared with writing half a megabyte, and two buffers fit most
 * caches.
 */
export const BUFFER_SIZE = 512 * 1024;

/**
 * Collects the chunks of a save in two buffers: while one is written, the other is filled. So small chunks do
 * not cost a system call each, and the producer and the disk work in parallel. The producer is never more
 * than the buffers ahead.
 */
export class ChunkWriter {
  readonly #save: StreamingSave;
  readonly #onFailure: (error: unknown) => void;
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #filled = 0;
  /** The second buffer: it is being written, or it is free. */
  #other: Buffer | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param onFailure is called at once when a write fails. The next call rejects with the same error. */
  constructor(save: StreamingSave, onFailure: (error: unknown) => void) {
    this.#save = save;
    this.#onFailure = onFailure;
  }

  /**
   * Copies or writes the bytes. They may change after the call has returned `undefined`, or after its promise
   * has resolved. The next call may not be made earlier.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (chunk.byteLength > BUFFER_SIZE - this.#filled) return this.#writeThrough(chunk);
    this.#buffer.set(chunk, this.#filled);
    this.#filled += chunk.byteLength;
    return undefined;
  }

  /** Writes the remaining bytes, and publishes the save. */
  async finish(): Promise<Saved> {
    if (this.#filled > 0) await this.#flush();
    await this.#writing;
    return await this.#save.finish();
  }

  async #writeThrough(chunk: Uint8Array): Promise<void> {
    const size = chunk.byteLength;
    const fitting = BUFFER_SIZE - this.#filled;
    this.#buffer.set(chunk.subarray(0, fitting), this.#filled);
    this.#filled = BUFFER_SIZE;
    await this.#flush();
    refuseIfLost(chunk, size);
    const rest = chunk.subarray(fitting);
    if (rest.byteLength <= BUFFER_SIZE) {
      this.#buffer.set(rest);
      this.#filled = rest.byteLength;
      return;
    }
    await this.#writing;
    refuseIfLost(chunk, size);
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
