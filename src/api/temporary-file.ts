import { indelibleError, isError } from '../base/errors.js';
import { optionsObject, resolveOptions, SAVE_OPTIONS, type SaveOptions } from '../base/options.js';
import { absolutePath, type PathLike } from '../base/path.js';
import { allOptionsBut, type RefusedOptions } from '../base/refused-options.js';
import type { Saved, SaveParameters } from '../base/save-request.js';
import type { Engine } from '../engine/engine.js';
import type { FileSystemCalls, OpenTemporary } from '../fs/file-system-calls.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import { lookAfter } from './first-look.js';
import { saveParametersOf } from './save.js';

/**
 * Options of `TemporaryFile.link`, and of `openTemporary` as their defaults: those of `save` without the
 * options for data and for an existing file.
 *
 * @category openTemporary
 */
export type TemporaryFileOptions = Omit<SaveOptions, 'ifExists' | 'encoding' | 'keepPrevious'>;

/**
 * Options of `TemporaryFile.replace`.
 *
 * @category openTemporary
 */
export type TemporaryFileReplaceOptions = Omit<SaveOptions, 'ifExists' | 'encoding'>;

/**
 * Options of `openTemporary`.
 *
 * @category openTemporary
 */
export interface OpenTemporaryOptions extends TemporaryFileOptions {
  /**
   * A regular file whose content the temporary begins with; the descriptor is at its beginning. Where the
   * filesystem can, they share their blocks until one of them is written (`FICLONE`), so that a small change
   * to a large file costs little; else the kernel copies it. Only the content is copied. Symbolic links are
   * followed, except those that a save would not follow (`EACCES`). If another program writes the file
   * meanwhile, the copy may have some of that. Default: the temporary is empty.
   */
  from?: PathLike | null | undefined;
}

const REPLACE_OPTIONS = SAVE_OPTIONS.filter((option) => option !== 'ifExists');
const REFUSED_BY_REPLACE = allOptionsBut(REPLACE_OPTIONS);
const LINK_OPTIONS = REPLACE_OPTIONS.filter((option) => option !== 'keepPrevious');
const REFUSED_BY_LINK = allOptionsBut(LINK_OPTIONS);
export const REFUSED_BY_OPEN = allOptionsBut([...LINK_OPTIONS, 'from']);

/** The open file behind a `TemporaryFile`. */
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

  /** Closes the file and removes its temporary name, if it has one. Closing again does nothing. */
  *close(): Steps<void> {
    if (this.#closed) return;
    this.#closed = true;
    yield* this.#calls.closeAll([this.#opened]);
  }
}

/**
 * Closes files that were garbage-collected before they were closed. The held value must not refer to the
 * `TemporaryFile`.
 */
const leakRegistry = new FinalizationRegistry<TemporaryHandle>((file) => {
  process.emitWarning(
    `A TemporaryFile (descriptor ${file.fd}) was not closed before it was garbage-collected.`,
    {
      code: 'ERR_INDELIBLE_NOT_CLOSED',
    },
  );
  runSync(file.close());
});

/** The calls that report a failed sync. After one the kernel may have dropped the pages (fsync(2)). */
const SYNC_CALLS: ReadonlySet<unknown> = new Set(['fdatasync', 'sync_file_range', 'close']);

/**
 * A file that the caller writes by its descriptor, until `link` or `replace` gives it a name. Made by
 * `openTemporary`.
 *
 * Publishing closes the file, so that the published file is not written to by mistake. If a publication
 * fails, the file stays open, and the publication can be tried again, also with another path. The exception
 * is a failed sync of the content: then the content is unknown, and every further attempt rejects with the
 * same error.
 *
 * @example
 * await using file = await openTemporary('downloads');
 * await download(file.fd);
 * await file.link('downloads/image.iso');
 * @category openTemporary
 */
export class TemporaryFile implements AsyncDisposable, Disposable {
  readonly #handle: TemporaryHandle;
  readonly #options: TemporaryFileOptions;
  /** The current publication, or the last one. */
  #lastPublication: Promise<unknown> = Promise.resolve();
  #pendingCount = 0;
  /** No more calls are accepted. Earlier calls still run. */
  #closed = false;
  #published = false;
  #syncFailure: { error: unknown } | undefined;

  /** @internal */
  constructor(file: TemporaryHandle, options: TemporaryFileOptions) {
    this.#handle = file;
    this.#options = options;
    leakRegistry.register(this, file, this);
  }

  /** The descriptor, open for reading and writing; -1 when it is closed. Close it only with `close`. */
  get fd(): number {
    return this.#closed ? -1 : this.#handle.fd;
  }

  /** Whether the file has no name before it is published. */
  get unnamed(): boolean {
    return this.#handle.unnamed;
  }

  /**
   * Gives the file a name that must not exist, as `save` with `ifExists: 'fail'` does. Of many links to one
   * path, exactly one succeeds. The content is made durable first. Then the file is closed.
   *
   * @throws {SaveError} `EEXIST` if the path exists; `EXDEV` on another filesystem; `ERR_INDELIBLE_CLOSED`
   *   after `close`.
   */
  async link(path: PathLike, options?: TemporaryFileOptions | null): Promise<Saved> {
    return this.#publish(this.#requestOf(path, options, 'fail'));
  }

  /** The same on the calling thread. */
  linkSync(path: PathLike, options?: TemporaryFileOptions | null): Saved {
    return this.#publishSync(this.#requestOf(path, options, 'fail'));
  }

  /**
   * Replaces the file at the path, atomically and durably, as `save` does: with the same options, the same
   * order among the saves to the path, and the same attributes taken over from the replaced file. Then the
   * file is closed.
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
   * Closes the file. Content that was not published is lost. The file counts as closed at once; earlier
   * publications are awaited. Closing again does nothing.
   */
  async close(): Promise<void> {
    this.#markClosed();
    await Promise.allSettled([this.#lastPublication]);
    await run(this.#handle.close());
  }

  /**
   * The same on the calling thread.
   *
   * @throws {Error} `ERR_INDELIBLE_CLOSED` while a publication is running.
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
    const refused: RefusedOptions = ifExists === 'fail' ? REFUSED_BY_LINK : REFUSED_BY_REPLACE;
    const given = optionsObject(options, refused);
    const resolved = resolveOptions({ ...this.#options, ...given, ifExists });
    return saveParametersOf(absolutePath(path, 'path'), resolved);
  }

  async #publish(request: SaveParameters): Promise<Saved> {
    this.#throwIfClosed(request);
    // Starts at once if possible: the start decides its place among the saves to the path.
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
    return lookAfter(request, saved);
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
    return lookAfter(request, saved);
  }

  /** @returns whether the file is published despite the error. */
  #recordFailure(error: unknown): boolean {
    if (!isError(error)) return false;
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
