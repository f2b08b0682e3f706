import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { indelibleError, type SaveError, systemError } from '../errors.js';
import { thisMachine } from '../filesystem/machine.js';
import { readMounts } from '../filesystem/mounts.js';
import type { AbsolutePath } from '../path.js';
import type { DirectoryReplacementRequest } from './engine.js';

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

/**
 * A filesystem mounted somewhere in the old tree would move along and stand in the way of its removal; one in the new tree
 * would not be made durable.
 *
 * @throws {SaveError} `EBUSY`. What cannot be seen is not refused: the removal enters no mount.
 */
export function refuseMountsBelow({ staged, path }: DirectoryReplacementRequest): void {
  const mounts = readMounts(thisMachine);
  if (mounts === undefined) return;
  for (const directory of [staged, path]) {
    const real = realPathOf(directory);
    const below = mounts.find(({ point }) => real !== undefined && point.startsWith(`${real}/`));
    if (below === undefined) continue;
    throw systemError({
      errno: constants.errno.EBUSY,
      syscall: 'rename',
      path: directory,
      hint: `${below.point} in it is a mount point`,
    });
  }
}

function realPathOf(path: AbsolutePath): string | undefined {
  try {
    return realpathSync(path.toString());
  } catch {
    return undefined;
  }
}
