import { indelibleError } from '../base/errors.js';
import { toSaveError } from '../base/fs-error.js';
import { isWeaker, optionsObject, resolveOptions } from '../base/options.js';
import { absolutePath, type PathLike } from '../base/path.js';
import { bytesOfPath } from '../base/path-bytes.js';
import { noTemporaryFileError } from '../base/save-errors.js';
import type { SaveParameters } from '../base/save-request.js';
import { selectEngine } from '../engine/select.js';
import type { FileSystemCalls } from '../fs/file-system-calls.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import { saveParametersOf } from './save.js';
import {
  REFUSED_BY_TEMPORARIES,
  TemporaryFile,
  type TemporaryFileOptions,
  TemporaryHandle,
} from './temporary-file.js';

/**
 * Opens a file without a name (`O_TMPFILE`) in a directory. The caller writes it by its descriptor. Then
 * `link` or `replace` gives it a name, atomically and durably. If it never gets a name, nothing is left,
 * however the process ends.
 *
 * Where this is not proven safe (`inspect` reports it: btrfs, an ext4 that may make fast commits) the file
 * has a name that starts with `.indelible-`. That name is removed when the file is closed; a killed process
 * leaves it to `sweep`. `TemporaryFile.unnamed` says whether the file has no name.
 *
 * Until it is published, the file is for its owner alone (mode 0600).
 *
 * @param directory on the same mounted filesystem as the paths for `link` and `replace`.
 * @param options also the defaults for `link` and `replace`, which may override them. `mode` is the final
 *   mode of the file, `createMode` that of one that replaces nothing, less the umask. Without them a file that
 *   replaces nothing gets the mode that the caller has set with `fchmod`, else that of any new file.
 * @throws {SaveError} the error of the failed system call; `ERR_INDELIBLE_UNSUPPORTED` with the portable
 *   engine, on Windows and in Deno.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
 *   `ERR_OUT_OF_RANGE` for wrong arguments.
 */
export async function openTemporary(
  directory: PathLike,
  options?: TemporaryFileOptions | null,
): Promise<TemporaryFile> {
  const given = snapshot(options);
  return new TemporaryFile(await run(open(requestOf(directory, given))), given);
}

/** The same on the calling thread. */
export function openTemporarySync(directory: PathLike, options?: TemporaryFileOptions | null): TemporaryFile {
  const given = snapshot(options);
  return new TemporaryFile(runSync(open(requestOf(directory, given))), given);
}

/** The options as they are now: a later change does not affect `link` and `replace`. */
function snapshot(options: TemporaryFileOptions | null | undefined): TemporaryFileOptions {
  return { ...optionsObject(options, REFUSED_BY_TEMPORARIES) };
}

/** A request whose path is the directory. */
function requestOf(directory: PathLike, options: TemporaryFileOptions): SaveParameters {
  return saveParametersOf(absolutePath(directory, 'directory'), resolveOptions(options));
}

function* open(request: SaveParameters): Steps<TemporaryHandle> {
  const { path, durability, protocol, strict } = request;
  const { engine, calls } = selectEngine();
  refuseWithoutDescriptors(calls, path);
  try {
    const directory = yield* calls.openDirectory(bytesOfPath(path));
    try {
      const plan = yield* calls.planFor(directory, durability, protocol);
      if (strict && isWeaker(plan.achieves, durability)) {
        const message = `The filesystem cannot make '${path}' ${durability}`;
        throw indelibleError('ERR_INDELIBLE_NOT_DURABLE', message, { syscall: 'open', path });
      }
      const opened = yield* calls.createTemporary(directory, plan);
      return new TemporaryHandle(engine, calls, opened);
    } finally {
      yield* calls.close(directory);
    }
  } catch (error) {
    throw toSaveError(error, { path });
  }
}

/**
 * On Windows descriptors belong to a table in Node's C library, to which an addon cannot add an entry. In
 * Deno they belong to a table of Deno.
 */
function refuseWithoutDescriptors(
  calls: FileSystemCalls,
  path: SaveParameters['path'],
): asserts calls is FileSystemCalls & Required<Pick<FileSystemCalls, 'createTemporary'>> {
  if (calls.createTemporary === undefined) throw noTemporaryFileError(path, 'The portable engine');
  if (process.platform === 'win32') throw noTemporaryFileError(path, 'Windows');
  if (process.versions.deno !== undefined) throw noTemporaryFileError(path, 'Deno');
}
