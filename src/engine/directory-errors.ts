import { constants } from 'node:os';
import { indelibleError, type SaveError, systemError } from '../errors.js';
import type { AbsolutePath } from '../path.js';

/** What a `replaceDirectory` is refused with, by either engine. */

export function notADirectory(path: AbsolutePath | Buffer): SaveError {
  return systemError({
    errno: constants.errno.ENOTDIR,
    syscall: 'open',
    path,
    hint: 'only a directory is replaced by one; a symbolic link is pointed elsewhere with replaceSymlink',
  });
}

/** @param who cannot. */
export function unsupportedDirectoryReplacement(
  staged: AbsolutePath,
  path: AbsolutePath,
  who: string,
): SaveError {
  const message = `${who} cannot exchange two directories in one step: '${staged}' -> '${path}'`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, {
    syscall: 'rename',
    path: staged,
    dest: path,
  });
}

/** @param point is where, inside one of the two trees. */
export function mountPointInside(point: string): SaveError {
  return systemError({
    errno: constants.errno.EBUSY,
    syscall: 'rename',
    path: point,
    hint: 'it is a mount point, and would move with the directory that it is in',
  });
}
