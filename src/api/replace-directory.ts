import { invalidArgumentType, invalidArgumentValue } from '../base/errors.js';
import { booleanOption, type Durability, oneOf } from '../base/options.js';
import { absolutePath, type PathLike } from '../base/path.js';
import { selectEngine } from '../engine/select.js';
import { run, runSync } from '../fs/steps.js';
import type { DirectoryReplaced } from '../names/replace-directory.js';
import {
  replaceDirectory as putDirectory,
  type ReplaceDirectoryRequest,
} from '../names/replace-directory.js';

/** Options of `replaceDirectory`. */
export interface ReplaceDirectoryOptions {
  /**
   * `'durable'`: once it resolves, the new tree survives power loss. `'ordered'`: after power loss the old tree or the new
   * stands there, whole. `'none'`: nothing is synced, and power loss may leave anything; it is one step all the same.
   * Default `'durable'`.
   */
  durability?: Durability | undefined;
  /**
   * Where the old tree is kept, in place of a directory that was kept there before, which is removed. On the same mounted
   * filesystem. Default: the old tree is removed.
   */
  keepPrevious?: PathLike | undefined;
  /**
   * Rejects with `ERR_INDELIBLE_NOT_DURABLE`, before anything is changed, where the durability that was asked for cannot
   * be had. Default `false`: it does its best, and the result tells.
   */
  strict?: boolean | undefined;
}

/**
 * Puts a whole prepared directory in the place of another, in one step (`RENAME_EXCHANGE`): whoever opens `path`, at any
 * instant and after any crash, finds the old tree or the new, whole. Everything in the staged tree is made durable first,
 * so that once this resolves the new tree survives power loss.
 *
 * The staged path is free afterwards. From the exchange on the old tree stands there, whole, until it is kept, or renamed to
 * `.indelible-tree-` and random characters in the same directory and removed: a crash may leave it under the one name or the
 * other, and `sweep` removes what is called `.indelible-tree-…`. Where nothing stands under `path` the staged directory is
 * renamed. Nothing may be written in the staged tree meanwhile. Who has a directory or file of the old tree open goes on
 * with that one.
 *
 * Only directories: a symbolic link under `path` is neither followed nor replaced (`replaceSymlink` points one elsewhere).
 * There is no order between this and saves that are under way.
 *
 * @param staged the prepared directory, on the same mounted filesystem as `path`.
 * @returns what was achieved.
 * @throws {SaveError} `ENOTDIR` for what is no directory; `EBUSY` for a mount point, or one inside; `EXDEV` across
 *   filesystems, `EINVAL` if one is inside the other, both before anything is written; `ERR_INDELIBLE_UNSUPPORTED` where the
 *   filesystem or the engine cannot do it in one step. `published` tells whether the new tree stands there: then the sync of
 *   a directory has failed, or the removal of the old tree.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function replaceDirectory(
  staged: PathLike,
  path: PathLike,
  options?: ReplaceDirectoryOptions | null,
): Promise<DirectoryReplaced> {
  const request = requestOf(staged, path, options);
  return run(putDirectory(selectEngine().calls, request));
}

/** The same on the calling thread. */
export function replaceDirectorySync(
  staged: PathLike,
  path: PathLike,
  options?: ReplaceDirectoryOptions | null,
): DirectoryReplaced {
  const request = requestOf(staged, path, options);
  return runSync(putDirectory(selectEngine().calls, request));
}

function requestOf(
  staged: PathLike,
  path: PathLike,
  options: ReplaceDirectoryOptions | null | undefined,
): ReplaceDirectoryRequest {
  const given = options ?? {};
  if (typeof given !== 'object') throw invalidArgumentType('options', 'of type object', options);
  const { keepPrevious } = given;
  const previous =
    keepPrevious === undefined ? undefined : absolutePath(keepPrevious, 'options.keepPrevious');
  if (previous?.length === 0) throw invalidArgumentValue('options.keepPrevious', 'a path', keepPrevious);
  return {
    staged: absolutePath(staged, 'staged'),
    path: absolutePath(path, 'path'),
    keepPrevious: previous,
    durability: oneOf('options.durability', given.durability, ['durable', 'ordered', 'none']),
    strict: booleanOption('options.strict', given.strict, false),
  };
}
