import { readFile as readFileOnce, readFileSync as readFileSyncOnce } from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { save, saveSync } from '../api/save.js';
import { pause } from '../base/clock.js';
import { isWholeData, type SaveData } from '../base/data.js';
import { invalidArgumentType } from '../base/errors.js';
import { failedWith } from '../base/fs-error.js';
import type { SaveOptions } from '../base/options.js';
import { absolutePath, type PathLike } from '../base/path.js';
import {
  type Chown,
  encodingFor,
  OWN_TEMPORARY,
  optionsObject,
  refusedOption,
  rightsOptions,
} from './equivalent-options.js';

/** The encodings of atomically. */
export type Encoding =
  | 'ascii'
  | 'base64'
  | 'binary'
  | 'hex'
  | 'latin1'
  | 'utf8'
  | 'utf-8'
  | 'utf16le'
  | 'ucs2'
  | 'ucs-2';

/** Options of `readFile` and `readFileSync`, as those of atomically. */
export interface ReadOptions {
  /** Default: the content is a Buffer. */
  encoding?: Encoding | null | undefined;
  /** Has no effect, as in atomically. */
  mode?: string | number | false | undefined;
  /**
   * For how many milliseconds a read is repeated that failed because the process or the system had too many files
   * open, or the file was busy. Default 7500, and 1000 for `readFileSync`.
   */
  timeout?: number | undefined;
}

/** Options of `writeFile` and `writeFileSync`, as those of atomically. */
export interface WriteOptions {
  /**
   * The owner of the file. Default: that of the replaced file, as far as the process may set it. With `false` the
   * file belongs to the process. A process without privileges is not told that it may not set the owner.
   */
  chown?: Chown | false | null | undefined;
  /** The encoding of `data` if it is a string. Default `'utf8'`. */
  encoding?: Encoding | null | undefined;
  /** With `false` nothing is synced, as with `durability: 'none'` of `save`. Default `true`. */
  fsync?: boolean | undefined;
  /** With `false` the call does not wait for the disk: `durability: 'ordered'` of `save`. Default `true`. */
  fsyncWait?: boolean | undefined;
  /**
   * The mode of the file, exactly, but for `0o666`, to which the umask applies, also where a file of another mode
   * exists. With `false` or `0` it is `0o666 & ~umask` too. Default: the mode of the replaced file; for a new file
   * `0o666 & ~umask`.
   */
  mode?: string | number | false | null | undefined;
  /** Waited for before the file is written. The function that it resolves with is called afterwards. */
  schedule?: ((filePath: string) => Promise<() => void>) | null | undefined;
  /**
   * Has no effect: a save waits for a free descriptor for up to five seconds, and on Windows for a busy file for two.
   * Every other error is reported at once.
   */
  timeout?: number | undefined;
  /** There is no equivalent: a function is refused. */
  tmpCreate?: false | null | undefined;
  /** There is no equivalent: a function is refused. */
  tmpCreated?: false | null | undefined;
  /** `false` is refused: a save that fails leaves no temporary. */
  tmpPurge?: true | null | undefined;
}

/** A function that is called with `undefined`, or with the error. */
export type Callback = (error: NodeJS.ErrnoException | undefined) => void;

/** In milliseconds. */
const READ_TIMEOUT = 7500;
const READ_SYNC_TIMEOUT = 1000;
const READ_INTERVAL = 200;

/**
 * The mode that atomically takes for "no mode": it creates the file with it, so that the umask applies, and does not
 * set it afterwards.
 */
const UNSET_MODE = 0o666;

/**
 * The function of atomically, with the durability of `save`: replaces a file atomically, and is done when the new
 * content survives power loss. Missing parent directories are made.
 *
 * What differs from atomically:
 * - the target of a dangling symbolic link is created, and the link stays;
 * - all data is written, or nothing is changed: atomically writes half of a `Uint16Array`, and what fits onto a full
 *   disk;
 * - a `Readable` that fails rejects the call;
 * - an encoding that does not exist is refused, where atomically takes it for `'utf8'`;
 * - of the replaced file also extended attributes and access lists are kept, unless `mode` is given;
 * - where the owner cannot be kept, a mode that is taken over loses the rights that were meant for that owner;
 * - only regular files are replaced, and never one of another name because the name is too long;
 * - the directory is synced.
 *
 * @param data `undefined` makes an empty file. Do not change a buffer before the call is done. Later calls for the same
 *   path wait for a `Readable`, except `writeFileSync`.
 * @param callback if it throws, the error is an unhandled rejection, as in atomically.
 * @throws {SaveError} (rejects) as `save`; `ERR_INVALID_ARG_VALUE` for `tmpCreate`, `tmpCreated` and `tmpPurge: false`.
 */
export function writeFile(
  filePath: PathLike,
  data: Uint8Array | string | Readable | undefined,
  callback?: Callback,
): Promise<void>;
export function writeFile(
  filePath: PathLike,
  data: Uint8Array | string | Readable | undefined,
  options?: Encoding | WriteOptions | null,
  callback?: Callback,
): Promise<void>;
export function writeFile(
  filePath: PathLike,
  data: Uint8Array | string | Readable | undefined,
  options?: Encoding | WriteOptions | null | Callback,
  callback?: Callback,
): Promise<void> {
  if (typeof options === 'function') return writeFile(filePath, data, undefined, options);
  const written = write(filePath, data, optionsObject<WriteOptions>(options));
  if (callback) written.then(() => callback(undefined), callback);
  return written;
}

/**
 * The same on the calling thread, after every earlier save to this path but one of a `Readable`. `schedule` has no
 * effect, as in atomically.
 *
 * @throws as `writeFile` rejects.
 */
export function writeFileSync(
  filePath: PathLike,
  data: Uint8Array | string | undefined,
  options?: Encoding | WriteOptions | null,
): void {
  const given = optionsObject<WriteOptions>(options);
  const written = dataOf(data);
  saveSync(filePath, written, saveOptions(written, given));
}

/** Reads a file as `fs.readFile`, again after an error that may pass. */
export function readFile(
  filePath: PathLike,
  options: Encoding | (ReadOptions & { encoding: string }),
): Promise<string>;
export function readFile(filePath: PathLike, options?: ReadOptions | null): Promise<Buffer>;
export async function readFile(
  filePath: PathLike,
  options?: Encoding | ReadOptions | null,
): Promise<string | Buffer> {
  const given = optionsObject<ReadOptions>(options);
  const end = Date.now() + (given.timeout ?? READ_TIMEOUT);
  for (;;) {
    try {
      return await promisify(readFileOnce)(filePath, given);
    } catch (error) {
      if (!mayPass(error) || Date.now() >= end) throw error;
    }
    await pause(Math.random() * READ_INTERVAL);
  }
}

/** The same on the calling thread. */
export function readFileSync(
  filePath: PathLike,
  options: Encoding | (ReadOptions & { encoding: string }),
): string;
export function readFileSync(filePath: PathLike, options?: ReadOptions | null): Buffer;
export function readFileSync(filePath: PathLike, options?: Encoding | ReadOptions | null): string | Buffer {
  const given = optionsObject<ReadOptions>(options);
  const end = Date.now() + (given.timeout ?? READ_SYNC_TIMEOUT);
  for (;;) {
    try {
      return readFileSyncOnce(filePath, given);
    } catch (error) {
      if (!mayPass(error) || Date.now() >= end) throw error;
    }
  }
}

/** On other systems than Windows, a file that may not be read is not one that is busy. */
function mayPass(error: unknown): boolean {
  if (failedWith(error, 'EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY')) return true;
  return process.platform === 'win32' && failedWith(error, 'EACCES', 'EPERM');
}

async function write(filePath: PathLike, data: unknown, options: WriteOptions): Promise<void> {
  const stream = isReadable(data);
  const written = stream ? data : dataOf(data);
  // The encoding is not that of a stream's strings.
  const saving = saveOptions(written, stream ? { ...options, encoding: undefined } : options);
  const path = absolutePath(filePath, 'filePath');
  // A stream that fails while it waits rejects the call later.
  if (stream) data.on('error', () => undefined);
  const dispose = options.schedule ? await options.schedule(filePath as string) : undefined;
  try {
    await inTurn(path.toString(), stream, async () => {
      await save(path, written, saving);
    });
  } finally {
    dispose?.();
  }
}

/** By path: the last write that a later one waits for. */
const lastOfRow = new Map<string, Promise<void>>();

/**
 * Keeps the writes to one path in the order of the calls. A save does so itself, but one of a stream takes its place
 * when the stream has ended.
 */
function inTurn(path: string, stream: boolean, write: () => Promise<void>): Promise<void> {
  const earlier = lastOfRow.get(path);
  if (earlier === undefined && !stream) return write();
  const written = earlier === undefined ? write() : earlier.then(write, write);
  const forget = (): void => {
    if (lastOfRow.get(path) === written) lastOfRow.delete(path);
  };
  lastOfRow.set(path, written);
  written.then(forget, forget);
  return written;
}

function saveOptions(data: unknown, options: WriteOptions): SaveOptions {
  const { fsync, fsyncWait, mode, chown, tmpCreate, tmpCreated, tmpPurge } = options;
  if (tmpCreate) throw refusedOption('tmpCreate', OWN_TEMPORARY, tmpCreate);
  if (tmpCreated) throw refusedOption('tmpCreated', OWN_TEMPORARY, tmpCreated);
  const keepsTemporary: unknown = tmpPurge;
  if (keepsTemporary === false)
    throw refusedOption('tmpPurge', 'a save that fails leaves no temporary', tmpPurge);
  return {
    encoding: encodingFor(data, options.encoding),
    durability: fsync === false ? 'none' : fsyncWait === false ? 'ordered' : 'durable',
    makeDirectories: true,
    ...rightsOptions(
      mode === undefined ? undefined : mode === UNSET_MODE ? false : mode || false,
      chown === undefined ? undefined : chown || false,
    ),
  };
}

/** As atomically, no other iterable. */
function dataOf(data: unknown): SaveData {
  if (data === undefined) return '';
  if (isWholeData(data)) return data as SaveData;
  throw invalidArgumentType(
    'data',
    'of type string or an instance of Buffer, TypedArray, DataView or, for writeFile, Readable',
    data,
  );
}

function isReadable(data: unknown): data is Readable {
  return (
    typeof data === 'object' &&
    data !== null &&
    Symbol.asyncIterator in data &&
    'pipe' in data &&
    typeof data.pipe === 'function'
  );
}
