import { indelibleError, invalidArgumentType } from '../base/errors.js';
import { resolveOptions, type SaveOptions } from '../base/options.js';
import { absolutePath, type PathLike } from '../base/path.js';
import type { Saved, SaveParameters } from '../base/save-request.js';
import type { Engine } from '../engine/engine.js';
import type { FileSystemCalls, OpenTemporary } from '../fs/file-system-calls.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import { saveParametersOf } from './save.js';

/**
 * Options of `openTemporary`, and of `TemporaryFile.link`: those of `save` that don't speak of data or of
 * what stands there.
 */
export type TemporaryFileOptions = Omit<SaveOptions, 'ifExists' | 'encoding' | 'keepPrevious'>;

/** Options of `TemporaryFile.replace`. */
export type TemporaryFileReplaceOptions = Omit<SaveOptions, 'ifExists' | 'encoding'>;

/** What keeps the file open. */
export class TemporaryHandle {
  readonly fd: number;
  readonly unnamed: boolean;
  readonly #engine: Engine;
  readonly #calls: FileSystemCalls;
  readonly #opened: OpenTemporary;
  #closed = false;

  constructor(engine: Engine, calls: FileSystemCalls, opened: OpenTemporary) {
    this.fd = opened.fd;
    this.unnamed = opened.unnamed;
    this.#engine = engine;
    this.#calls = calls;
    this.#opened = opened;
  }

  publish(request: SaveParameters): Promise<Saved> {
    return this.#engine.publish(request, this.#opened.handle);
  }

  publishSync(request: SaveParameters): Saved {
    return this.#engine.publishSync(request, this.#opened.handle);
  }

  /** Removes what has a name of its own. Closing again does nothing. */
  *close(): Steps<void> {
    if (this.#closed) return;
    this.#closed = true;
    yield* this.#calls.closeAll([this.#opened]);
  }
}

/** Files that no program can close any more. What is held must not lead to the `TemporaryFile`. */
const leakRegistry = new FinalizationRegistry<TemporaryHandle>((file) => {
  process.emitWarning(
    `A TemporaryFile (descriptor ${file.fd}) was not closed before it was garbage-collected.`,
    {
      code: 'ERR_INDELIBLE_NOT_CLOSED',
    },
  );
  runSync(file.close());
});

/** The calls that a failed sync comes from: the kernel may have dropped the pages (fsync(2)). */
const SYNC_CALLS: ReadonlySet<unknown> = new Set(['fdatasync', 'sync_file_range', 'close']);

/**
 * A file for the caller to write by its descriptor, until `link` or `replace` gives it a name. Made by
 * `openTemporary`.
 *
 * Publishing closes it, so that nobody writes to the published file by mistake. A publication that fails
 * leaves it open, to be tried again, under another path perhaps; but not if the sync of its content has
 * failed: then the content is unknown, and every further attempt rejects with that error.
 *
 * @example
 * await using file = await openTemporary('downloads');
 * await download(file.fd);
 * await file.link('downloads/image.iso');
 */
export class TemporaryFile implements AsyncDisposable, Disposable {
  readonly #handle: TemporaryHandle;
  readonly #options: TemporaryFileOptions;
  /** The publication that is under way, or the last one. */
  #lastPublication: Promise<unknown> = Promise.resolve();
  #pendingCount = 0;
  /** No more calls are taken. Those that were made before are carried out. */
  #closed = false;
  #published = false;
  #syncFailure: { error: unknown } | undefined;

  /** @internal */
  constructor(file: TemporaryHandle, options: TemporaryFileOptions) {
    this.#handle = file;
    this.#options = options;
    leakRegistry.register(this, file, this);
  }

  /**
   * The descriptor, open for reading and writing; -1 when it is closed. Close it with `close` only.
   */
  get fd(): number {
    return this.#closed ? -1 : this.#handle.fd;
  }

  /** Whether it has no name before it is published. */
  get unnamed(): boolean {
    return this.#handle.unnamed;
  }

  /**
   * Gives the file a name that must be free, as `save` with `ifExists: 'fail'`: of many that link to one
   * path, exactly one succeeds. What was written is made durable first. Then the file is closed.
   *
   * @throws {SaveError} `EEXIST` if anything stands there; `EXDEV` on another filesystem;
   *   `ERR_INDELIBLE_CLOSED` after `close`.
   */
  async link(path: PathLike, options?: TemporaryFileOptions | null): Promise<Saved> {
    return this.#publish(this.#requestOf(path, options, 'fail'));
  }

  /** The same on the calling thread. */
  linkSync(path: PathLike, options?: TemporaryFileOptions | null): Saved {
    return this.#publishSync(this.#requestOf(path, options, 'fail'));
  }

  /**
   * Puts the file in the place of what stands under the path, atomically and durably, as `save` does: with
   * its options, its place in the order of the saves to the path, and what it takes over from the replaced
   * file. Then the file is closed.
   *
   * @throws {SaveError} as `save`; `EXDEV` on another filesystem; `ERR_INDELIBLE_CLOSED` after `close`.
   */
  async replace(path: PathLike, options?: TemporaryFileReplaceOptions | null): Promise<Saved> {
    return this.#publish(this.#requestOf(path, options, 'replace'));
  }

  /** The same on the calling thread. */
  replaceSync(path: PathLike, options?: TemporaryFileReplaceOptions | null): Saved {
    return this.#publishSync(this.#requestOf(path, options, 'replace'));
  }

  /**
   * Closes the file; what was not published is gone. It counts as closed at once, and waits for the
   * publications that were asked for before. Closing again does nothing.
   */
  async close(): Promise<void> {
    this.#markClosed();
    await Promise.allSettled([this.#lastPublication]);
    await run(this.#handle.close());
  }

  /**
   * The same on the calling thread.
   *
   * @throws {Error} `ERR_INDELIBLE_CLOSED` while a publication is under way.
   */
  closeSync(): void {
    this.#throwIfPublishing();
    this.#markClosed();
    runSync(this.#handle.close());
  }

  /** `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** `closeSync`, for `using`. */
  [Symbol.dispose](): void {
    this.closeSync();
  }

  #requestOf(
    path: PathLike,
    options: TemporaryFileReplaceOptions | null | undefined,
    ifExists: 'replace' | 'fail',
  ): SaveParameters {
    if (options !== undefined && options !== null && typeof options !== 'object')
      throw invalidArgumentType('options', 'of type object', options);
    const resolved = resolveOptions({ ...this.#options, ...options, ifExists });
    return saveParametersOf(absolutePath(path, 'path'), resolved);
  }

  async #publish(request: SaveParameters): Promise<Saved> {
    this.#throwIfClosed(request);
    // At once where it can be, since that is its place among the saves to the path.
    const publishing =
      this.#pendingCount === 0
        ? this.#publishNow(request)
        : this.#publishAfter(this.#lastPublication, request);
    this.#lastPublication = publishing;
    this.#pendingCount += 1;
    try {
      return await publishing;
    } finally {
      this.#pendingCount -= 1;
    }
  }

  async #publishAfter(before: Promise<unknown>, request: SaveParameters): Promise<Saved> {
    await Promise.allSettled([before]);
    if (this.#published) throw closedError(request);
    this.#throwIfSyncFailed();
    return await this.#publishNow(request);
  }

  async #publishNow(request: SaveParameters): Promise<Saved> {
    let saved: Saved;
    try {
      saved = await this.#handle.publish(request);
    } catch (error) {
      if (this.#recordFailure(error)) await run(this.#handle.close());
      throw error;
    }
    this.#markPublished();
    await run(this.#handle.close());
    return saved;
  }

  #publishSync(request: SaveParameters): Saved {
    this.#throwIfClosed(request);
    this.#throwIfPublishing();
    let saved: Saved;
    try {
      saved = this.#handle.publishSync(request);
    } catch (error) {
      if (this.#recordFailure(error)) runSync(this.#handle.close());
      throw error;
    }
    this.#markPublished();
    runSync(this.#handle.close());
    return saved;
  }

  /** @returns whether the file is published all the same. */
  #recordFailure(error: unknown): boolean {
    if (!(error instanceof Error)) return false;
    if ('published' in error && error.published === true) {
      this.#markPublished();
      return true;
    }
    if ('syscall' in error && SYNC_CALLS.has(error.syscall)) this.#syncFailure = { error };
    return false;
  }

  #markPublished(): void {
    this.#published = true;
    this.#markClosed();
  }

  #markClosed(): void {
    this.#closed = true;
    leakRegistry.unregister(this);
  }

  #throwIfClosed(request: SaveParameters): void {
    if (this.#closed) throw closedError(request);
    this.#throwIfSyncFailed();
  }

  #throwIfSyncFailed(): void {
    if (this.#syncFailure !== undefined) throw this.#syncFailure.error;
  }

  #throwIfPublishing(): void {
    if (this.#pendingCount === 0) return;
    throw indelibleError('ERR_INDELIBLE_CLOSED', 'The temporary file is being published', {
      syscall: 'link',
    });
  }
}

function closedError({ path }: SaveParameters): Error {
  return indelibleError('ERR_INDELIBLE_CLOSED', 'The temporary file is closed', { syscall: 'link', path });
}
