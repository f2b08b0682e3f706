import { constants } from 'node:os';
import { indelibleError, type SaveError, systemError } from './errors.js';
import type { AbsolutePath } from './path.js';
import type { SaveParameters } from './save-request.js';

export function modifiedError(path: AbsolutePath): SaveError {
  const message = `'${path}' was modified after it was read`;
  return indelibleError('ERR_INDELIBLE_CHANGED', message, { syscall: 'rename', path });
}

/**
 * @param subject the part that has no lock: the engine or the filesystem.
 * @param whom those that it cannot keep out.
 */
export function noLockError(
  path: AbsolutePath,
  subject: string,
  syscall: string,
  whom: 'processes' | 'machines' = 'processes',
): SaveError {
  const less = whom === 'machines' ? 'machine' : 'thread';
  const message =
    `${subject} has no lock that keeps other ${whom} from updating '${path}'; ` +
    `with the option lock: '${less}' only the updates of this ${less} are kept in order`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall, path });
}

/** The lock file of an update cannot be opened, or is not what this library makes. */
export function lockFileError(errno: number, path: Buffer): SaveError {
  const hint =
    'the lock file must be a regular file with one name that this process may write, in a sticky directory ' +
    "that others may write also one of this user or the directory's owner";
  return systemError({ errno: Math.abs(errno), syscall: 'open', path, hint });
}

/** @param subject the part that has no temporary files for the caller: the engine or the platform. */
export function noTemporaryFileError(path: AbsolutePath, subject: string): SaveError {
  const message = `${subject} cannot open a temporary file in '${path}'`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'open', path });
}

/** The replaced version cannot get a second link. */
export function cannotKeepPreviousError({ path, keepPrevious }: SaveParameters, cause?: unknown): SaveError {
  const message =
    `The previous version of '${path}' cannot be kept: the filesystem has no hard links, or ` +
    `fs.protected_hardlinks or a file flag forbids one`;
  const where = { syscall: 'link', path, ...(keepPrevious !== undefined && { dest: keepPrevious }) };
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { ...where, cause });
}

/** `keepPrevious` and the path name the same file. */
export function previousIsTargetError({ path, keepPrevious }: SaveParameters): SaveError {
  return systemError({
    errno: constants.errno.EINVAL,
    syscall: 'link',
    path,
    ...(keepPrevious !== undefined && { dest: keepPrevious }),
    hint: 'the previous version cannot be kept at the path of the new version',
  });
}
