import { absolutePath, type PathLike, validatedPath } from '../base/path.js';
import { selectEngine } from '../engine/select.js';
import { run, runSync, type Steps } from '../fs/steps.js';
import type { NameChange } from '../names/durability.js';
import { replaceSymlink as putSymlink } from '../names/replace-symlink.js';
import { type NameChangeOptions, resolveNameChangeOptions } from './name-change-options.js';

/**
 * Points a symbolic link somewhere else, or makes it, in one step: whoever follows it, at any instant and after any
 * crash, gets to the old target or to the new. Once it resolves, the new one survives power loss.
 *
 * Only a symbolic link is replaced. That is looked at just before the step; a file that somebody else puts there in
 * between would be replaced, as by any `rename`. The new link belongs to the process. What `target` leads to is not
 * looked at, and not synced.
 *
 * @param target the link's text, as in `fs.symlink`: a relative one starts at the link's directory.
 * @returns what was achieved.
 * @throws {SaveError} `ERR_INDELIBLE_NOT_A_SYMLINK` if something else stands under the path; the failed system call's
 *   error, with `published`.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function replaceSymlink(
  target: PathLike,
  path: PathLike,
  options?: NameChangeOptions | null,
): Promise<NameChange> {
  return run(steps(target, path, options));
}

/** The same on the calling thread. */
export function replaceSymlinkSync(
  target: PathLike,
  path: PathLike,
  options?: NameChangeOptions | null,
): NameChange {
  return runSync(steps(target, path, options));
}

function steps(target: PathLike, path: PathLike, options?: NameChangeOptions | null): Steps<NameChange> {
  const link = { target: validatedPath(target, 'target'), path: absolutePath(path, 'path') };
  return putSymlink(selectEngine().calls, { ...link, ...resolveNameChangeOptions(options) });
}
