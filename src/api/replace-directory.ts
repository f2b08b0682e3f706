import {
  booleanOption,
  type Durability,
  oneOf,
  optionsObject,
  resolveKeepPrevious,
} from '../base/options.js';
import type { PathLike } from '../base/path.js';
import { requirePermission, writablePath } from '../base/permission.js';
import { allOptionsBut } from '../base/refused-options.js';
import { selectEngine } from '../engine/select.js';
import { run, runSync } from '../fs/steps.js';
import type { DirectoryReplaced } from '../names/replace-directory.js';
import {
  type ReplaceDirectoryRequest,
  replaceDirectory as replaceDirectorySteps,
} from '../names/replace-directory.js';

/**
 * Options of `replaceDirectory`.
 *
 * @category replaceDirectory
 */
export interface ReplaceDirectoryOptions {
  /**
   * `'durable'`, the default: once the call resolves, the new tree survives power loss. `'ordered'`: after
   * power loss the old tree or the new one is at the path, whole. `'none'`: nothing is synced, and power loss
   * may leave anything; the replacement is still atomic.
   */
  durability?: Durability | null | undefined;
  /**
   * A path at which the old tree is kept. A directory that was kept there before is removed. It must be on
   * the same mounted filesystem. Default: the old tree is removed.
   */
  keepPrevious?: PathLike | null | undefined;
  /**
   * Rejects with `ERR_INDELIBLE_NOT_DURABLE`, before anything is changed, if the requested durability is not
   * available. Default `false`: the call does its best, and the result says what was achieved.
   */
  strict?: boolean | null | undefined;
}

/**
 * Replaces a directory with a prepared directory atomically (`RENAME_EXCHANGE`). At any instant and after any
 * crash, `path` leads to the old tree or to the new one, whole. Everything in the staged tree is made durable
 * first. Once the call resolves, the new tree survives power loss.
 *
 * The staged path is free afterwards. After the exchange the old tree is at the staged path, whole, until it
 * is kept, or until it is renamed to `.indelible-tree-` and random characters in the same directory and
 * removed. A crash may leave it at either name; `sweep` removes trees that are named `.indelible-tree-…`. If
 * `path` does not exist, the staged directory is renamed. The staged tree must not be written to during the
 * call. A program that has a directory or file of the old tree open continues to use the old one.
 *
 * Only directories are replaced: a symbolic link at `path` is neither followed nor replaced (`replaceSymlink`
 * changes the target of a link). There is no order between this call and saves that are running.
 *
 * @param staged the prepared directory, on the same mounted filesystem as `path`.
 * @returns the durability that was achieved.
 * @throws {SaveError} `ENOTDIR` if a path is not a directory; `EBUSY` for a mount point, or a mount point
 *   inside; `EXDEV` across filesystems, `EINVAL` if one is inside the other, both before anything is written;
 *   `ERR_INDELIBLE_UNSUPPORTED` if the filesystem or the engine cannot do it atomically. `published` says
 *   whether the new tree is at `path`. In that case the sync of a directory, keeping the old tree or removing
 *   it has failed.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 * @category replaceDirectory
 */
export async function replaceDirectory(
  staged: PathLike,
  path: PathLike,
  options?: ReplaceDirectoryOptions | null,
): Promise<DirectoryReplaced> {
  const request = requestOf(staged, path, options);
  return run(replaceDirectorySteps(selectEngine().calls, request));
}

/**
 * The same on the calling thread.
 *
 * @category replaceDirectory
 */
export function replaceDirectorySync(
  staged: PathLike,
  path: PathLike,
  options?: ReplaceDirectoryOptions | null,
): DirectoryReplaced {
  const request = requestOf(staged, path, options);
  return runSync(replaceDirectorySteps(selectEngine().calls, request));
}

const REFUSED = allOptionsBut(['durability', 'keepPrevious', 'strict']);

function requestOf(
  staged: PathLike,
  path: PathLike,
  options: ReplaceDirectoryOptions | null | undefined,
): ReplaceDirectoryRequest {
  const given = optionsObject(options, REFUSED);
  const keepPrevious = resolveKeepPrevious(given.keepPrevious, 'replace');
  if (keepPrevious !== undefined) requirePermission('fs.write', keepPrevious);
  return {
    staged: writablePath(staged, 'staged'),
    path: writablePath(path, 'path'),
    keepPrevious,
    durability: oneOf('options.durability', given.durability, ['durable', 'ordered', 'none']),
    strict: booleanOption('options.strict', given.strict, false),
  };
}
