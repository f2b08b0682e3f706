import { indelibleError, invalidArgumentType } from '../base/errors.js';
import { toSaveError } from '../base/fs-error.js';
import { isWeaker, resolveOptions } from '../base/options.js';
import { absolutePath, type PathLike } from '../base/path.js';
import { bytesOfPath } from '../base/path-bytes.js';
import { noTemporaryFileError } from '../base/save-errors.js';
import type { SaveParameters } from '../base/save-request.js';
import { selectEngine } from '../engine/select.js';
import type { FileSystemCalls } from '../fs/file-system-calls.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import { saveParametersOf } from './save.js';
import { TemporaryFile, type TemporaryFileOptions, TemporaryHandle } from './temporary-file.js';

/**
 * Opens a file without a name (`O_TMPFILE`) in a directory, to be written by its descriptor and then given a
 * name, atomically and durably. If it never gets one, nothing is left, however the process ends.
 *
 * Where that is not proven safe (`inspect` tells: btrfs, an ext4 that may make fast commits) the file has a
 * name that starts with `.indelible-`, which is removed when it is closed; a killed process leaves it to
 * `sweep`. `TemporaryFile.unnamed` tells which it is.
 *
 * @param directory on the same mounted filesystem as the paths that the file is to get.
 * @param options for `link` and `replace` as well, unless they are given others; `mode` is what the file has
 *   at the end.
 * @throws {SaveError} the failed system call's error; `ERR_INDELIBLE_UNSUPPORTED` with the portable engine,
 *   on Windows and in Deno.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function openTemporary(
  directory: PathLike,
  options?: TemporaryFileOptions | null,
): Promise<TemporaryFile> {
  const request = requestOf(directory, options);
  return new TemporaryFile(await run(open(request)), options ?? {});
}

/** The same on the calling thread. */
export function openTemporarySync(directory: PathLike, options?: TemporaryFileOptions | null): TemporaryFile {
  const request = requestOf(directory, options);
  return new TemporaryFile(runSync(open(request)), options ?? {});
}

/** A request whose path is the directory. */
function requestOf(directory: PathLike, options: TemporaryFileOptions | null | undefined): SaveParameters {
  if (typeof options === 'string') throw invalidArgumentType('options', 'of type object', options);
  const resolved = resolveOptions(options);
  return saveParametersOf(absolutePath(directory, 'directory'), {
    ...resolved,
    ifExists: 'replace',
    keepPrevious: undefined,
  });
}

function* open(request: SaveParameters): Steps<TemporaryHandle> {
  const { path, durability, protocol, strict, mode } = request;
  const { engine, calls } = selectEngine();
  refuseWithoutDescriptors(calls, path);
  try {
    const directory = yield* calls.openDirectory(bytesOfPath(path));
    try {
      const { achieves, temporary } = yield* calls.planFor(directory, durability, protocol);
      if (strict && isWeaker(achieves, durability)) {
        const message = `The filesystem cannot make '${path}' ${durability}`;
        throw indelibleError('ERR_INDELIBLE_NOT_DURABLE', message, { syscall: 'open', path });
      }
      const opened = yield* calls.createTemporary(directory, mode, temporary === 'unnamed');
      return new TemporaryHandle(engine, calls, opened);
    } finally {
      yield* calls.close(directory);
    }
  } catch (error) {
    throw toSaveError(error, { path });
  }
}

/**
 * On Windows a descriptor is an entry of a table in Node's own C library, which an addon cannot add to; in
 * Deno, of a table of Deno's.
 */
function refuseWithoutDescriptors(
  calls: FileSystemCalls,
  path: SaveParameters['path'],
): asserts calls is FileSystemCalls & Required<Pick<FileSystemCalls, 'createTemporary'>> {
  if (calls.createTemporary === undefined) throw noTemporaryFileError(path, 'The portable engine');
  if (process.platform === 'win32') throw noTemporaryFileError(path, 'Windows');
  if (process.versions.deno !== undefined) throw noTemporaryFileError(path, 'Deno');
}
