import { Writable } from 'node:stream';
import { abortError, outOfRange } from '../base/errors.js';
import { type ResolvedOptions, resolveOptions, type SaveOptions } from '../base/options.js';
import { type AbsolutePath, absolutePath, type PathLike } from '../base/path.js';
import type { Saved } from '../base/save-request.js';
import type { StreamingSave } from '../engine/engine.js';
import { selectEngine } from '../engine/select.js';
import { ChunkWriter } from './chunk-writer.js';
import { saveParametersOf } from './save.js';

/** Options of `createSaveStream`: those of `save`, and Node's for a `Writable`. */
export interface SaveStreamOptions extends SaveOptions {
  /**
   * How many bytes wait before `write` returns `false`; about a megabyte more is on its way to the file.
   * Default: Node's (`getDefaultHighWaterMark`).
   */
  highWaterMark?: number | undefined;
}

type Callback = (error?: Error | null) => void;

/** The stream that `createSaveStream` makes. */
export class SaveStream extends Writable {
  /** Absolute. */
  readonly path: AbsolutePath;
  /** What the save has done; set when `finish` is emitted. */
  saved: Saved | undefined;
  /** How many bytes the stream has taken. */
  bytesWritten = 0;
  readonly #options: ResolvedOptions;
  #save: StreamingSave | undefined;
  #writer: ChunkWriter | undefined;
  #finishing = false;
  readonly #onAbort = (): void => {
    const { signal } = this.#options;
    // A save that is finishing hears of it itself, and may be published already.
    if (signal !== undefined && !this.#finishing) this.destroy(abortError(signal));
  };

  /** @internal */
  constructor(path: AbsolutePath, options: ResolvedOptions, highWaterMark: number | undefined) {
    super({
      defaultEncoding: options.encoding,
      ...(highWaterMark !== undefined && { highWaterMark }),
    });
    this.path = path;
    this.#options = options;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** @internal */
  override _construct(callback: Callback): void {
    this.#open().then(() => callback(), callback);
  }

  /** @internal */
  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    this.bytesWritten += chunk.byteLength;
    const written = this.#writer?.write(chunk);
    if (written === undefined) callback();
    else written.then(() => callback(), callback);
  }

  /** @internal */
  override _final(callback: Callback): void {
    this.#finish().then(() => callback(), callback);
  }

  /** @internal */
  override _destroy(error: Error | null, callback: Callback): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    const abandoned = this.#save?.abandon(error ?? undefined) ?? Promise.resolve();
    abandoned.then(() => callback(error), callback);
  }

  async #open(): Promise<void> {
    const request = saveParametersOf(this.path, this.#options);
    this.#save = await selectEngine().engine.open(request);
    this.#writer = new ChunkWriter(this.#save, (error) => {
      if (error instanceof Error) this.destroy(error);
    });
  }

  async #finish(): Promise<void> {
    this.#finishing = true;
    this.saved = await this.#writer?.finish();
  }
}

/**
 * A `Writable` whose content replaces a file atomically when it ends.
 *
 * Guaranteed: `finish` is emitted when the content is as durable as `save` makes it; `saved` then tells what
 * was done. Until the stream has ended the old file stands untouched. A stream that is destroyed, aborted, or
 * fails before it is published leaves the old file and nothing beside it. Memory stays bounded, however much
 * is written: `write` returns `false` as any stream's does. While the stream waits for its producer it holds
 * no thread.
 *
 * Its place among the saves to its path is that of its `end`: what is saved while it is open comes before it.
 * A symbolic link is followed when the stream is made, and what is preserved of the old file is read when it
 * has ended.
 *
 * @param path made absolute at once: a later `chdir` changes nothing.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments. All
 *   else is emitted as `error`: a `SaveError`, as `save` rejects with.
 */
export function createSaveStream(
  path: PathLike,
  options?: SaveStreamOptions | BufferEncoding | null,
): SaveStream {
  const highWaterMark = typeof options === 'object' ? options?.highWaterMark : undefined;
  if (highWaterMark !== undefined && !(Number.isInteger(highWaterMark) && highWaterMark >= 0)) {
    throw outOfRange('options.highWaterMark', 'a whole number of bytes', highWaterMark);
  }
  return new SaveStream(absolutePath(path, 'path'), resolveOptions(options), highWaterMark);
}
