import { Writable } from 'node:stream';
import { whenAborted } from '../base/abortable.js';
import { bytesOf } from '../base/data.js';
import { abortError, invalidArgumentValue, isError, withPublished } from '../base/errors.js';
import { type ResolvedOptions, resolveOptions, type SaveOptions } from '../base/options.js';
import { type AbsolutePath, absolutePath, type PathLike } from '../base/path.js';
import type { Saved, SaveParameters } from '../base/save-request.js';
import type { StreamingSave } from '../engine/engine.js';
import { selectEngine } from '../engine/select.js';
import { ChunkWriter } from './chunk-writer.js';
import { lookAfter } from './first-look.js';
import { saveParametersOf } from './save.js';

/**
 * Options of `createSaveStream`: those of `save`, and `highWaterMark` of Node's `Writable`.
 *
 * @category createSaveStream
 */
export interface SaveStreamOptions extends SaveOptions {
  /**
   * The number of buffered bytes at which `write` returns `false`. About a megabyte more is being written to
   * the file. Default: Node's (`getDefaultHighWaterMark`).
   */
  highWaterMark?: number | null | undefined;
}

type Callback = (error?: Error | null) => void;
type WriteCallback = (error: Error | null | undefined) => void;

/** `Writable` reads the properties of a view, which may say anything. A plain Buffer has none of its own. */
function plainView(chunk: unknown): unknown {
  if (!ArrayBuffer.isView(chunk)) return chunk;
  const { buffer, byteOffset, byteLength } = bytesOf(chunk, 'utf8');
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * The stream of `createSaveStream`.
 *
 * @category createSaveStream
 */
export class SaveStream extends Writable {
  /** The absolute path. */
  readonly path: AbsolutePath;
  /** The result of the save. It is set when `finish` is emitted. */
  saved: Saved | undefined;
  /** The number of bytes that the stream has accepted. */
  bytesWritten = 0;
  readonly #options: ResolvedOptions;
  #request: SaveParameters | undefined;
  #save: StreamingSave | undefined;
  #writer: ChunkWriter | undefined;
  /** The rest of the save, from the end of the stream. */
  #finishing: Promise<void> | undefined;
  #ignoreSignal = (): void => undefined;

  /** @internal */
  constructor(path: AbsolutePath, options: ResolvedOptions, highWaterMark: number | undefined) {
    super({
      defaultEncoding: options.encoding,
      ...(highWaterMark !== undefined && { highWaterMark }),
    });
    this.path = path;
    this.#options = options;
    const { signal } = options;
    if (signal === undefined) return;
    this.#ignoreSignal = whenAborted(signal, () => {
      // A save that is finishing handles the signal itself, and may already be published.
      if (this.#finishing === undefined) this.destroy(abortError(signal));
    });
  }

  /** @internal */
  override write(chunk: unknown, callback?: WriteCallback): boolean;
  /** @internal */
  override write(chunk: unknown, encoding: BufferEncoding, callback?: WriteCallback): boolean;
  override write(chunk: unknown, ...rest: [(BufferEncoding | WriteCallback)?, WriteCallback?]): boolean {
    return Reflect.apply(super.write, this, [plainView(chunk), ...rest]);
  }

  /** @internal */
  override end(callback?: () => void): this;
  /** @internal */
  override end(chunk: unknown, callback?: () => void): this;
  /** @internal */
  override end(chunk: unknown, encoding: BufferEncoding, callback?: () => void): this;
  override end(chunk?: unknown, ...rest: [(BufferEncoding | (() => void))?, (() => void)?]): this {
    return Reflect.apply(super.end, this, [plainView(chunk), ...rest]);
  }

  /** @internal */
  override _construct(callback: Callback): void {
    this.#open().then(
      () => callback(),
      // Node would join the error that the stream was destroyed with and this one in an AggregateError.
      (error: Error) => callback(this.destroyed ? null : error),
    );
  }

  /** @internal */
  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    // A chunk may wait long for its turn, and its buffer may be lost meanwhile.
    let bytes: Uint8Array;
    try {
      bytes = bytesOf(chunk, 'utf8');
    } catch (error) {
      callback(isError(error) ? error : new TypeError(String(error)));
      return;
    }
    this.bytesWritten += bytes.byteLength;
    const written = this.#writer?.write(bytes);
    if (written === undefined) callback();
    else written.then(() => callback(), callback);
  }

  /** @internal */
  override _final(callback: Callback): void {
    this.#finishing = this.#finish();
    this.#finishing.then(() => callback(), callback);
  }

  /** @internal */
  override _destroy(error: Error | null, callback: Callback): void {
    this.#ignoreSignal();
    this.#abandon(error).then(() => callback(error), callback);
  }

  /** The error of the stream, whoever destroys it, says whether the file was published. */
  async #abandon(error: Error | null): Promise<void> {
    await this.#save?.abandon(error ?? undefined);
    if (error === null) return;
    // A save that was finishing may have published the file.
    const [finished] = await Promise.allSettled([this.#finishing]);
    const failure: unknown = finished.status === 'rejected' ? finished.reason : undefined;
    const failedLate = isError(failure) && 'published' in failure && failure.published === true;
    withPublished(error, this.saved !== undefined || failedLate);
  }

  async #open(): Promise<void> {
    this.#request = saveParametersOf(this.path, this.#options);
    this.#save = await selectEngine().engine.open(this.#request);
    this.#writer = new ChunkWriter(this.#save, (error) => {
      if (isError(error)) this.destroy(error);
    });
  }

  async #finish(): Promise<void> {
    this.saved = await this.#writer?.finish();
    if (this.saved !== undefined && this.#request !== undefined) lookAfter(this.#request, this.saved);
  }
}

/**
 * Creates a `Writable`. When it ends, its content replaces a file atomically.
 *
 * Guaranteed: `finish` is emitted when the content is as durable as `save` makes it; `saved` then has the
 * result. Until the stream has ended, the old file is unchanged. A stream that is destroyed, is aborted or
 * fails before it is published leaves the old file and nothing beside it. Memory stays bounded, however much
 * is written: `write` returns `false` as in any stream. While the stream waits for its producer, it uses no
 * thread.
 *
 * The end of the stream decides its place among the saves to the path: saves that are made while the stream
 * is open come before it. A symbolic link is followed when the stream is created. The preserved attributes of
 * the old file are read when the stream has ended.
 *
 * @param path made absolute at once: a later `chdir` changes nothing.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
 *   `ERR_OUT_OF_RANGE` for wrong arguments. Any
 *   other failure is emitted as `error`: a `SaveError`, as from `save`.
 * @category createSaveStream
 */
export function createSaveStream(
  path: PathLike,
  options?: SaveStreamOptions | BufferEncoding | null,
): SaveStream {
  const resolved = resolveOptions(options);
  const highWaterMark = (typeof options === 'object' ? options?.highWaterMark : undefined) ?? undefined;
  if (highWaterMark !== undefined && !(Number.isInteger(highWaterMark) && highWaterMark >= 0)) {
    throw invalidArgumentValue('options.highWaterMark', 'a whole number of bytes', highWaterMark);
  }
  return new SaveStream(absolutePath(path, 'path'), resolved, highWaterMark);
}
