import { absolutePath, type PathLike } from '../base/path.js';
import { selectEngine } from '../engine/select.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import type { NameChange } from '../names/durability.js';
import { renameOperation } from '../names/rename-operation.js';
import { type NameChangeOptions, resolveNameChangeOptions } from './name-change-options.js';

/**
 * Renames a file, directory or anything else in one step, and never over something (`RENAME_NOREPLACE`): of many that
 * rename to one path, exactly one succeeds. Once it resolves, the new name survives power loss.
 *
 * A symbolic link is renamed itself. The content is not synced: what is to survive must be on disk before. There is no
 * order between this and saves that are under way.
 *
 * @returns what was achieved.
 * @throws {SaveError} `EEXIST` if anything stands under `to`, a dangling symbolic link included; `ENOENT`, `EXDEV`,
 *   `EBUSY` as from `fs.rename`; `ERR_INDELIBLE_UNSUPPORTED` where the filesystem or the engine cannot do it in one
 *   step. `published` tells whether the new name stands.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function renameExclusive(
  from: PathLike,
  to: PathLike,
  options?: NameChangeOptions | null,
): Promise<NameChange> {
  return run(steps(from, to, options));
}

/** The same on the calling thread. */
export function renameExclusiveSync(
  from: PathLike,
  to: PathLike,
  options?: NameChangeOptions | null,
): NameChange {
  return runSync(steps(from, to, options));
}

function steps(from: PathLike, to: PathLike, options?: NameChangeOptions | null): Steps<NameChange> {
  const names = { from: absolutePath(from, 'from'), to: absolutePath(to, 'to') };
  const request = { operation: 'renameExclusive', ...names, ...resolveNameChangeOptions(options) } as const;
  return renameOperation(selectEngine().calls, request);
}
