import type { PathLike } from '../base/path.js';
import { writablePath } from '../base/permission.js';
import { selectEngine } from '../engine/select.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import type { NameChange } from '../names/durability.js';
import { renameOperation } from '../names/rename-operation.js';
import { type NameChangeOptions, resolveNameChangeOptions } from './name-change-options.js';

/**
 * Exchanges two paths of any kind atomically (`RENAME_EXCHANGE`). At any instant and after any crash, the two
 * are either unchanged or exchanged. Once the call resolves, the exchange survives power loss.
 *
 * Both paths must exist and be on one mounted filesystem. Symbolic links are not followed: the links
 * themselves are exchanged. The contents are not synced: content that must survive power loss must be on disk
 * before the call. There is no order between this call and saves that are running.
 *
 * @returns the durability that was achieved.
 * @throws {SaveError} `ENOENT` if one of them is missing, `EXDEV` across filesystems, `EINVAL` if one is
 *   inside the other, `EBUSY` for a mount point; `ERR_INDELIBLE_UNSUPPORTED` if the filesystem or the engine
 *   has no atomic exchange. `published` says whether the two were exchanged before the failure.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 * @category exchange, renameExclusive, replaceSymlink
 */
export async function exchange(
  a: PathLike,
  b: PathLike,
  options?: NameChangeOptions | null,
): Promise<NameChange> {
  return run(steps(a, b, options));
}

/**
 * The same on the calling thread.
 *
 * @category exchange, renameExclusive, replaceSymlink
 */
export function exchangeSync(a: PathLike, b: PathLike, options?: NameChangeOptions | null): NameChange {
  return runSync(steps(a, b, options));
}

function steps(a: PathLike, b: PathLike, options?: NameChangeOptions | null): Steps<NameChange> {
  const names = { from: writablePath(a, 'a'), to: writablePath(b, 'b') };
  return renameOperation(selectEngine().calls, {
    operation: 'exchange',
    ...names,
    ...resolveNameChangeOptions(options),
  });
}
