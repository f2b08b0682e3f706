import { selectEngine } from './engine/select.js';
import { invalidArgumentType } from './errors.js';
import { type ResolvedOptions, resolveOptions } from './options.js';
import { absolutePath, type PathLike } from './path.js';
import { openRequestOf } from './save.js';
import { TemporaryFile, type TemporaryFileOptions } from './temporary-file.js';

/**
 * Opens a file without a name (`O_TMPFILE`) in a directory, to be written by its descriptor and then given a name,
 * atomically and durably. If it never gets one, nothing is left, however the process ends.
 *
 * Where that is not proven safe (`inspect` tells: btrfs, an ext4 that may make fast commits) the file has a name that starts
 * with `.indelible-`, which is removed when it is closed; a killed process leaves it to `sweep`.
 * `TemporaryFile.unnamed` tells which it is.
 *
 * @param directory on the same mounted filesystem as the paths that the file is to get.
 * @param options for `link` and `replace` as well, unless they are given others; `mode` is what the file has at the end.
 * @throws {SaveError} the failed system call's error; `ERR_INDELIBLE_UNSUPPORTED` with the portable engine,
 *   on Windows and in Deno.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function openTemporary(
  directory: PathLike,
  options?: TemporaryFileOptions | null,
): Promise<TemporaryFile> {
  const resolved = resolve(options);
  const request = openRequestOf(absolutePath(directory, 'directory'), resolved);
  return new TemporaryFile(await selectEngine().engine.openTemporary(request), options ?? {});
}

/** The same on the calling thread. */
export function openTemporarySync(directory: PathLike, options?: TemporaryFileOptions | null): TemporaryFile {
  const resolved = resolve(options);
  const request = openRequestOf(absolutePath(directory, 'directory'), resolved);
  return new TemporaryFile(selectEngine().engine.openTemporarySync(request), options ?? {});
}

function resolve(options: TemporaryFileOptions | null | undefined): ResolvedOptions {
  if (typeof options === 'string') throw invalidArgumentType('options', 'of type object', options);
  return { ...resolveOptions(options), ifExists: 'replace', keepPrevious: undefined };
}
