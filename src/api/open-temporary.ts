import { settlePromptly, throwIfAborted } from '../base/abortable.js';
import { indelibleError } from '../base/errors.js';
import { toSaveError } from '../base/fs-error.js';
import { isWeaker, optionsObject, resolveOptions } from '../base/options.js';
import { type AbsolutePath, absolutePath, type PathLike } from '../base/path.js';
import { bytesOfPath } from '../base/path-bytes.js';
import { noTemporaryFileError } from '../base/save-errors.js';
import type { SaveParameters } from '../base/save-request.js';
import { selectEngine } from '../engine/select.js';
import type { FileSystemCalls, OpenFile, OpenTemporary } from '../fs/file-system-calls.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import { saveParametersOf } from './save.js';
import {
  type OpenTemporaryOptions,
  REFUSED_BY_OPEN,
  TemporaryFile,
  type TemporaryFileOptions,
  TemporaryHandle,
} from './temporary-file.js';

/**
 * Opens a file without a name (`O_TMPFILE`) in a directory. The caller writes it by its descriptor. Then
 * `link` or `replace` gives it a name, atomically and durably. If it never gets a name, nothing is left,
 * however the process ends.
 *
 * Where this is not proven safe (`inspect` reports it: btrfs before Linux 6.15, an ext4 that may make fast
 * commits) the file has a name that starts with `.indelible-`. That name is removed when the file is closed; a killed process
 * leaves it to `sweep`. `TemporaryFile.unnamed` says whether the file has no name.
 *
 * Until it is published, the file is for its owner alone (mode 0600).
 *
 * @param directory on the same mounted filesystem as the paths for `link` and `replace`, and with `from` as
 *   that file if they are to share their blocks.
 * @param options also the defaults for `link` and `replace`, which may override them. `mode` is the final
 *   mode of the file, `createMode` that of one that replaces nothing, less the umask. Without them a file that
 *   replaces nothing gets the mode that the caller has set with `fchmod`, else that of any new file.
 * @throws {SaveError} the error of the failed system call; if `from` is a directory, `EISDIR`, and if it is
 *   anything else that is no regular file, `ERR_INDELIBLE_NOT_A_FILE`; `ERR_INDELIBLE_UNSUPPORTED` with the
 *   portable engine, on Windows and in Deno.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
 *   `ERR_OUT_OF_RANGE` for wrong arguments.
 * @category openTemporary
 */
export async function openTemporary(
  directory: PathLike,
  options?: OpenTemporaryOptions | null,
): Promise<TemporaryFile> {
  const { request, from, defaults } = requestOf(directory, options);
  const opening = run(open(request, from));
  const close = () => void opening.then((late) => run(late.close())).catch(() => undefined);
  const opened = await settlePromptly(opening, request.signal, { cancel: () => true, detach: close });
  return new TemporaryFile(opened, defaults);
}

/**
 * The same on the calling thread.
 *
 * @category openTemporary
 */
export function openTemporarySync(directory: PathLike, options?: OpenTemporaryOptions | null): TemporaryFile {
  const { request, from, defaults } = requestOf(directory, options);
  return new TemporaryFile(runSync(open(request, from)), defaults);
}

interface Request {
  /** Its path is the directory. */
  request: SaveParameters;
  from: AbsolutePath | undefined;
  /** The options as they are now: a later change does not affect `link` and `replace`. */
  defaults: TemporaryFileOptions;
}

function requestOf(directory: PathLike, options: OpenTemporaryOptions | null | undefined): Request {
  const { from, ...defaults }: OpenTemporaryOptions = { ...optionsObject(options, REFUSED_BY_OPEN) };
  return {
    request: saveParametersOf(absolutePath(directory, 'directory'), resolveOptions(defaults)),
    from: from === undefined || from === null ? undefined : absolutePath(from, 'options.from'),
    defaults,
  };
}

function* open(request: SaveParameters, from: AbsolutePath | undefined): Steps<TemporaryHandle> {
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
      const source = from === undefined ? undefined : yield* openSource(calls, from);
      try {
        const opened = yield* calls.createTemporary(directory, plan);
        if (source !== undefined) yield* copy(calls, source, opened, request.signal);
        return new TemporaryHandle(engine, calls, opened);
      } finally {
        if (source !== undefined) yield* calls.closeAll([source]);
      }
    } finally {
      yield* calls.close(directory);
    }
  } catch (error) {
    throw toSaveError(error, { path });
  }
}

function* openSource(calls: FileSystemCalls, path: AbsolutePath): Steps<OpenFile> {
  try {
    const { directory, name } = yield* calls.locate(path, false);
    try {
      return yield* calls.openFile(directory, name, { path, anyOwner: true });
    } finally {
      yield* calls.close(directory);
    }
  } catch (error) {
    throw toSaveError(error, { path });
  }
}

/** A temporary that is not complete is closed. */
function* copy(
  calls: TemporaryCalls,
  source: OpenFile,
  temporary: OpenTemporary,
  signal: AbortSignal | undefined,
): Steps<void> {
  try {
    for (let offset = 0; ; ) {
      throwIfAborted(signal);
      const copied = yield* calls.copyToTemporary(source, temporary, offset);
      if (copied === 0) return;
      offset += copied;
    }
  } catch (error) {
    yield* calls.closeAll([temporary]);
    throw error;
  }
}

type TemporaryCalls = FileSystemCalls &
  Required<Pick<FileSystemCalls, 'createTemporary' | 'copyToTemporary'>>;

/**
 * On Windows descriptors belong to a table in Node's C library, to which an addon cannot add an entry. In
 * Deno they belong to a table of Deno.
 */
function refuseWithoutDescriptors(
  calls: FileSystemCalls,
  path: SaveParameters['path'],
): asserts calls is TemporaryCalls {
  if (calls.createTemporary === undefined || calls.copyToTemporary === undefined)
    throw noTemporaryFileError(path, 'The portable engine');
  if (process.platform === 'win32') throw noTemporaryFileError(path, 'Windows');
  if (process.versions.deno !== undefined) throw noTemporaryFileError(path, 'Deno');
}
