import { absolutePath, type PathLike, validatedPath } from '../base/path.js';
import { requireSymlinkPermission } from '../base/permission.js';
import { selectEngine } from '../engine/select.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import type { NameChange } from '../names/durability.js';
import { replaceSymlink as replaceSymlinkSteps } from '../names/replace-symlink.js';
import { type NameChangeOptions, resolveNameChangeOptions } from './name-change-options.js';

/**
 * Changes the target of a symbolic link atomically, or creates the link. At any instant and after any crash,
 * the link leads to the old target or to the new one. Once the call resolves, the new link survives power
 * loss.
 *
 * Only a symbolic link is replaced. This is checked just before the rename. A file that another program
 * creates in between would be replaced, as by any `rename`. The new link belongs to the user of the process.
 * The target itself is not checked and not synced.
 *
 * @param target the text of the link, as in `fs.symlink`: a relative target starts at the link's directory.
 * @returns the durability that was achieved.
 * @throws {SaveError} `ERR_INDELIBLE_NOT_A_SYMLINK` if the path exists and is not a symbolic link; the failed
 *   system call's error, with `published`.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 * @category exchange, renameExclusive, replaceSymlink
 */
export async function replaceSymlink(
  target: PathLike,
  path: PathLike,
  options?: NameChangeOptions | null,
): Promise<NameChange> {
  return run(steps(target, path, options));
}

/**
 * The same on the calling thread.
 *
 * @category exchange, renameExclusive, replaceSymlink
 */
export function replaceSymlinkSync(
  target: PathLike,
  path: PathLike,
  options?: NameChangeOptions | null,
): NameChange {
  return runSync(steps(target, path, options));
}

function steps(target: PathLike, path: PathLike, options?: NameChangeOptions | null): Steps<NameChange> {
  const link = { target: validatedPath(target, 'target'), path: absolutePath(path, 'path') };
  requireSymlinkPermission(link.path);
  return replaceSymlinkSteps(selectEngine().calls, { ...link, ...resolveNameChangeOptions(options) });
}
