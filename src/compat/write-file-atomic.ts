import { save, saveSync } from '../api/save.js';
import { isWholeData, type SaveData } from '../base/data.js';
import type { SaveOptions } from '../base/options.js';
import type { PathLike } from '../base/path.js';
import {
  type Chown,
  encodingFor,
  OWN_TEMPORARY,
  optionsObject,
  refusedOption,
  rightsOptions,
} from './equivalent-options.js';

export type { Chown } from './equivalent-options.js';

/** Options of `writeFile` and `sync`, as those of write-file-atomic. */
export interface Options {
  /**
   * The owner of the file. Default: that of the replaced file, as far as the process may set it. With `false` the
   * file belongs to the process; as in write-file-atomic, `sync` takes `false` for the default. A process without
   * privileges is not told that it may not set the owner.
   */
  chown?: Chown | false | null | undefined;
  /** The encoding of `data` if it is a string. Default `'utf8'`. */
  encoding?: BufferEncoding | null | undefined;
  /** With `false` nothing is synced, as with `durability: 'none'` of `save`. Default `true`. */
  fsync?: boolean | null | undefined;
  /**
   * The mode of the file, exactly: the umask does not apply. Default: the mode of the replaced file; for a new file
   * `0o666 & ~umask`, which `false` is for every file. As in write-file-atomic, `sync` takes `false` and `0` for the
   * default.
   */
  mode?: number | string | false | null | undefined;
  /** There is no equivalent: a function is refused. */
  tmpfileCreated?: false | null | undefined;
}

/** A function that is called with `undefined`, or with the error. */
export type Callback = (error?: Error) => void;

/**
 * The function of write-file-atomic, with the durability of `save`: replaces a file atomically, and is done when the
 * new content survives power loss.
 *
 * What differs from write-file-atomic:
 * - the target of a dangling symbolic link is created, and the link stays;
 * - all data is written, or nothing is changed: write-file-atomic writes half of a `Uint16Array`, and what fits onto a
 *   full disk;
 * - an encoding that does not exist is refused, where write-file-atomic takes it for `'utf8'`;
 * - of the replaced file also extended attributes and access lists are kept, unless `mode` is given;
 * - where the owner cannot be kept, a mode that is taken over loses the rights that were meant for that owner;
 * - only regular files are replaced;
 * - the directory is synced, `options` is not changed, and `callback` is called once, even if it throws.
 *
 * @param data anything but bytes is written as `String(data)`; `undefined` and `null` make an empty file. Do not change
 *   a buffer before the call is done.
 * @returns with a callback, what the callback returns. If the callback throws, it rejects.
 * @throws {SaveError} (rejects) as `save`; `ERR_INVALID_ARG_VALUE` for `tmpfileCreated`.
 */
export function writeFile(
  filename: PathLike,
  data: string | NodeJS.ArrayBufferView | null | undefined,
  options: Options | BufferEncoding | null | undefined,
  callback: Callback,
): Promise<void>;
export function writeFile(
  filename: PathLike,
  data: string | NodeJS.ArrayBufferView | null | undefined,
  callback: Callback,
): Promise<void>;
export function writeFile(
  filename: PathLike,
  data: string | NodeJS.ArrayBufferView | null | undefined,
  options?: Options | BufferEncoding | null,
): Promise<void>;
export function writeFile(
  filename: PathLike,
  data: string | NodeJS.ArrayBufferView | null | undefined,
  options?: Options | BufferEncoding | null | Callback,
  callback?: Callback,
): Promise<void> {
  if (typeof options === 'function') return writeFile(filename, data, undefined, options);
  const written = write(filename, data, optionsObject<Options>(options));
  return callback ? written.then(() => callback(undefined), callback) : written;
}

/**
 * The same on the calling thread, after every earlier save to this path.
 *
 * @throws as `writeFile` rejects.
 */
export function sync(
  filename: PathLike,
  data: string | NodeJS.ArrayBufferView | null | undefined,
  options?: Options | BufferEncoding | null,
): void {
  const given = optionsObject<Options>(options);
  const written = dataOf(data);
  saveSync(filename, written, {
    ...saveOptions(written, given),
    ...rightsOptions(given.mode || undefined, given.chown || undefined),
  });
}

// What CommonJS requires is the function.
Object.assign(writeFile, { sync });

async function write(
  filename: PathLike,
  data: string | NodeJS.ArrayBufferView | null | undefined,
  options: Options,
): Promise<void> {
  const written = dataOf(data);
  await save(filename, written, {
    ...saveOptions(written, options),
    ...rightsOptions(options.mode ?? undefined, options.chown ?? undefined),
  });
}

function saveOptions(data: SaveData, { encoding, fsync, tmpfileCreated }: Options): SaveOptions {
  if (tmpfileCreated) throw refusedOption('tmpfileCreated', OWN_TEMPORARY, tmpfileCreated);
  return { encoding: encodingFor(data, encoding), durability: fsync === false ? 'none' : 'durable' };
}

function dataOf(data: unknown): SaveData {
  if (data === undefined || data === null) return '';
  return isWholeData(data) ? (data as SaveData) : String(data);
}
