import { failedWith, failure } from '../../fs/failure.js';
import { close, fstatExactly, read } from '../../fs/plain-fs.js';
import { run, runSync, type Steps } from '../../fs/steps.js';
import type { FileRead, FileUpdate, FileUpdateSync, Saved, SaveRequest, UpdateRequest } from '../engine.js';
import { noLock } from '../update-errors.js';
import { Directory } from './directory.js';
import type { Expecting, FileVersion } from './file-version.js';
import { openToRead } from './open-standing.js';
import { parentOf } from './path-bytes.js';
import { locateTarget } from './target.js';

/** What a file that is longer than it has said is given more room by. */
const MORE_ROOM = 65_536;

/** The file as it was read. */
interface Opened {
  content: Buffer | undefined;
  version: FileVersion;
  /**
   * Held open, so that no other file gets its inode's number while that is compared. Not on Windows, where it might block
   * the rename of the save, and where NTFS counts in a file's number how often that was given.
   */
  descriptor: number | undefined;
}

type Save<Result> = (request: SaveRequest & Expecting) => Result;

/** An update without a lock: its thread's order is all that keeps others out. */
export class PortableFileUpdate implements FileUpdate {
  readonly #request: UpdateRequest;
  readonly #save: Save<Promise<Saved>>;
  #opened: Opened | undefined;

  constructor(request: UpdateRequest, save: Save<Promise<Saved>>) {
    this.#request = request;
    this.#save = save;
  }

  async read(): Promise<FileRead> {
    this.#opened = await run(openForUpdate(this.#request));
    return this.#opened;
  }

  async save(request: SaveRequest): Promise<Saved> {
    return await this.#save(expecting(request, this.#opened));
  }

  async end(): Promise<void> {
    await run(closeOpened(this.#opened));
  }
}

/** The same on the calling thread. */
export class PortableFileUpdateSync implements FileUpdateSync {
  readonly #request: UpdateRequest;
  readonly #save: Save<Saved>;
  #opened: Opened | undefined;

  constructor(request: UpdateRequest, save: Save<Saved>) {
    this.#request = request;
    this.#save = save;
  }

  read(): FileRead {
    this.#opened = runSync(openForUpdate(this.#request));
    return this.#opened;
  }

  save(request: SaveRequest): Saved {
    return this.#save(expecting(request, this.#opened));
  }

  end(): void {
    runSync(closeOpened(this.#opened));
  }
}

function expecting(request: SaveRequest, opened: Opened | undefined): SaveRequest & Expecting {
  if (opened === undefined) throw new TypeError('an update reads before it saves');
  return { ...request, expected: opened.version };
}

function* openForUpdate({ path, makeDirectories, lock }: UpdateRequest): Steps<Opened> {
  if (lock === 'machine') throw noLock(path, 'The portable engine', 'flock');
  try {
    const { path: target } = yield* locateTarget({ path, ifExists: 'replace', followSymlinks: true });
    const descriptor = yield* openIfThere(target);
    if (descriptor !== undefined) return yield* readOpened(descriptor);
    if (!makeDirectories) {
      // Nothing can be saved there if it is missing, which had better be said before anything is changed.
      const directory = yield* Directory.open(parentOf(target));
      yield* directory.close();
    }
    return { content: undefined, version: 'missing', descriptor };
  } catch (error) {
    throw failure(error, { path });
  }
}

function* openIfThere(target: Buffer): Steps<number | undefined> {
  try {
    return yield* openToRead(target);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function* readOpened(descriptor: number): Steps<Opened> {
  try {
    const version = yield* fstatExactly(descriptor);
    // One byte more than it has, so that its end is found without another turn.
    let content = Buffer.allocUnsafeSlow(Number(version.size) + 1);
    for (let size = 0; ; ) {
      const got = yield* read(descriptor, content, size);
      if (got === 0) {
        const held = process.platform === 'win32' ? undefined : descriptor;
        if (held === undefined) yield* closeQuietly(descriptor);
        return { content: content.subarray(0, size), version, descriptor: held };
      }
      size += got;
      if (size === content.length) content = Buffer.concat([content], size + MORE_ROOM);
    }
  } catch (error) {
    yield* closeQuietly(descriptor);
    throw error;
  }
}

function* closeOpened(opened: Opened | undefined): Steps<void> {
  if (opened?.descriptor !== undefined) yield* closeQuietly(opened.descriptor);
}

/** Its failure means nothing: nothing was written through this descriptor. */
function* closeQuietly(descriptor: number): Steps<void> {
  try {
    yield* close(descriptor);
  } catch {
    // As above.
  }
}
