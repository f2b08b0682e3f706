import { absolutePath, type PathLike } from '../base/path.js';
import { selectEngine } from '../engine/select.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import type { NameChange } from '../names/durability.js';
import { renameOperation } from '../names/rename-operation.js';
import { type NameChangeOptions, resolveNameChangeOptions } from './name-change-options.js';

/**
 * Swaps what stands under two paths, of any kind, in one step (`RENAME_EXCHANGE`): whoever looks, at any instant and
 * after any crash, finds the two as they were or swapped. Once it resolves, the swap survives power loss.
 *
 * Both paths must exist and be on one mounted filesystem. Symbolic links are swapped themselves. The contents are not
 * synced: what is to survive must be on disk before. There is no order between this and saves that are under way.
 *
 * @returns what was achieved.
 * @throws {SaveError} `ENOENT` if one of them is missing, `EXDEV` across filesystems, `EINVAL` if one is inside the
 *   other, `EBUSY` for a mount point; `ERR_INDELIBLE_UNSUPPORTED` where the filesystem or the engine cannot do it in one
 *   step. `published` tells whether the two were swapped before it failed.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function exchange(
  a: PathLike,
  b: PathLike,
  options?: NameChangeOptions | null,
): Promise<NameChange> {
  return run(steps(a, b, options));
}

/** The same on the calling thread. */
export function exchangeSync(a: PathLike, b: PathLike, options?: NameChangeOptions | null): NameChange {
  return runSync(steps(a, b, options));
}

function steps(a: PathLike, b: PathLike, options?: NameChangeOptions | null): Steps<NameChange> {
  const names = { from: absolutePath(a, 'a'), to: absolutePath(b, 'b') };
  return renameOperation(selectEngine().calls, {
    operation: 'exchange',
    ...names,
    ...resolveNameChangeOptions(options),
  });
}
