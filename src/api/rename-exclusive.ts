import type { PathLike } from '../base/path.js';
import { writablePath } from '../base/permission.js';
import { selectEngine } from '../engine/select.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import type { NameChange } from '../names/durability.js';
import { renameOperation } from '../names/rename-operation.js';
import { type NameChangeOptions, resolveNameChangeOptions } from './name-change-options.js';

/**
 * Renames a file, a directory or any other entry atomically, and never replaces anything
 * (`RENAME_NOREPLACE`). Of many renames to one path, exactly one succeeds. Once the call resolves, the new
 * name survives power loss.
 *
 * A symbolic link is not followed: the link itself is renamed. The content is not synced: content that must
 * survive power loss must be on disk before the call. There is no order between this call and saves that are
 * running.
 *
 * @returns the durability that was achieved.
 * @throws {SaveError} `EEXIST` if `to` exists, even as a dangling symbolic link; `ENOENT`, `EXDEV`, `EBUSY`
 *   as from `fs.rename`; `ERR_INDELIBLE_UNSUPPORTED` if the filesystem or the engine has no such atomic
 *   rename. `published` says whether the entry has the new name.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 * @category exchange, renameExclusive, replaceSymlink
 */
export async function renameExclusive(
  from: PathLike,
  to: PathLike,
  options?: NameChangeOptions | null,
): Promise<NameChange> {
  return run(steps(from, to, options));
}

/**
 * The same on the calling thread.
 *
 * @category exchange, renameExclusive, replaceSymlink
 */
export function renameExclusiveSync(
  from: PathLike,
  to: PathLike,
  options?: NameChangeOptions | null,
): NameChange {
  return runSync(steps(from, to, options));
}

function steps(from: PathLike, to: PathLike, options?: NameChangeOptions | null): Steps<NameChange> {
  const names = { from: writablePath(from, 'from'), to: writablePath(to, 'to') };
  const request = { operation: 'renameExclusive', ...names, ...resolveNameChangeOptions(options) } as const;
  return renameOperation(selectEngine().calls, request);
}
