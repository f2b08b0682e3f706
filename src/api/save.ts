import { bytesOf, type SaveData } from '../base/data.js';
import { abortError } from '../base/errors.js';
import { type ResolvedOptions, resolveOptions, type SaveOptions } from '../base/options.js';
import { type AbsolutePath, absolutePath, type PathLike } from '../base/path.js';
import { requirePermission } from '../base/permission.js';
import type { Saved, SaveParameters, SaveRequest } from '../base/save-request.js';
import { selectEngine } from '../engine/select.js';
import { isLookDue, lookAfter } from './first-look.js';
import { isSource, type SaveSource, saveSource, saveSourceSync } from './save-source.js';

/**
 * Replaces a file atomically. Once the call resolves, the new content survives power loss.
 *
 * Guaranteed: at any instant and after any crash, a reader of the path finds the old content or the new
 * content, whole. After any failure before the new version is published, the old file is unchanged and
 * nothing is left beside it. Saves to one path in one process are published in the order of the calls.
 *
 * Not guaranteed: durability on a filesystem that has none (`Saved.durability` says what was achieved), or on
 * a disk that confirms a flush it did not make. Hard links to the old file keep the old content.
 *
 * @param path made absolute at once: a later `chdir` changes nothing.
 * @param data buffers are not copied: do not change one before the promise settles. For an iterable, async
 *   iterable, `Readable` or web `ReadableStream`, about a megabyte is in memory at a time. Such a save takes
 *   its place in the order of the saves when the source has ended.
 * @throws {SaveError} the error of the failed system call, in Node's form, with `published`.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
 *   `ERR_OUT_OF_RANGE` for wrong arguments.
 * @category save
 */
export async function save(
  path: PathLike,
  data: SaveData | SaveSource,
  options?: SaveOptions | BufferEncoding | null,
): Promise<Saved> {
  if (isSource(data)) {
    const resolved = resolveOptions(options);
    const request = saveParametersOf(absolutePath(path, 'path'), resolved);
    return lookAfter(request, await saveSource(selectEngine().engine, request, data, resolved.encoding));
  }
  const request = requestOf(path, data, options);
  return lookAfter(request, await selectEngine().engine.save(request));
}

/**
 * The same on the calling thread, after every earlier save to this path. It blocks the event loop for as long
 * as the disk takes.
 *
 * @throws as `save` rejects.
 * @category save
 */
export function saveSync(
  path: PathLike,
  data: SaveData | Iterable<SaveData>,
  options?: SaveOptions | BufferEncoding | null,
): Saved {
  if (isSource(data)) {
    const resolved = resolveOptions(options);
    const request = saveParametersOf(absolutePath(path, 'path'), resolved);
    return lookAfter(request, saveSourceSync(selectEngine().engine, request, data, resolved.encoding));
  }
  const request = requestOf(path, data, options);
  return lookAfter(request, selectEngine().engine.saveSync(request));
}

/** Makes the request of a save from its arguments. */
export function requestOf(
  path: PathLike,
  data: SaveData,
  options: SaveOptions | BufferEncoding | null | undefined,
): SaveRequest {
  const absolute = absolutePath(path, 'path');
  const resolved = resolveOptions(options);
  if (resolved.signal?.aborted) throw abortError(resolved.signal);
  checkPermission(absolute, resolved);
  const bytes = bytesOf(data, resolved.encoding);
  // Property by property: an object spread costs more than most of a save's system calls.
  return {
    path: absolute,
    data: bytes,
    size: bytes.byteLength,
    durability: resolved.durability,
    ifExists: resolved.ifExists,
    keepPrevious: resolved.keepPrevious,
    mode: resolved.mode,
    createMode: resolved.createMode,
    owner: resolved.owner,
    preserve: resolved.preserve,
    followSymlinks: resolved.followSymlinks,
    makeDirectories: resolved.makeDirectories,
    strict: resolved.strict,
    onlyIfWritable: resolved.onlyIfWritable,
    protocol: resolved.protocol,
    sweep: resolved.sweep && isLookDue(absolute),
    signal: resolved.signal,
  };
}

/**
 * Makes the request of a save without its data.
 *
 * @throws the error of an aborted signal, or `ERR_ACCESS_DENIED`.
 */
export function saveParametersOf(path: AbsolutePath, options: ResolvedOptions): SaveParameters {
  if (options.signal?.aborted) throw abortError(options.signal);
  checkPermission(path, options);
  return { path, ...options, sweep: options.sweep && isLookDue(path) };
}

function checkPermission(path: AbsolutePath, { keepPrevious }: ResolvedOptions): void {
  requirePermission('fs.write', path);
  if (keepPrevious !== undefined) requirePermission('fs.write', keepPrevious);
}
