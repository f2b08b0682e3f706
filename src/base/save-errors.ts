import { constants } from 'node:os';
import { indelibleError, type SaveError, systemError } from './errors.js';
import type { AbsolutePath } from './path.js';
import type { SaveParameters } from './save-request.js';

export function changed(path: AbsolutePath): SaveError {
  const message = `Somebody else has changed '${path}' since it was read`;
  return indelibleError('ERR_INDELIBLE_CHANGED', message, { syscall: 'rename', path });
}

/** @param who cannot. */
export function noLock(path: AbsolutePath, who: string, syscall: string): SaveError {
  const message = `${who} cannot keep updates of '${path}' by other processes out; with the option lock: 'thread' only those of this thread are kept in order`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall, path });
}

/** @param who cannot open a file for the caller to write. */
export function noTemporary(path: AbsolutePath, who: string): SaveError {
  const message = `${who} cannot open a file without a name in '${path}'`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'open', path });
}

/** The replaced version cannot get a second name. */
export function cannotKeep({ path, keepPrevious }: SaveParameters, cause?: unknown): SaveError {
  const message =
    `The version that stands under '${path}' cannot be kept: the filesystem has no hard links, or ` +
    `fs.protected_hardlinks or a file's flag does not allow one`;
  const where = { syscall: 'link', path, ...(keepPrevious !== undefined && { dest: keepPrevious }) };
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { ...where, cause });
}

/** `keepPrevious` names the very file that is saved. */
export function keptUnderItself({ path, keepPrevious }: SaveParameters): SaveError {
  return systemError({
    errno: constants.errno.EINVAL,
    syscall: 'link',
    path,
    ...(keepPrevious !== undefined && { dest: keepPrevious }),
    hint: 'the version that is replaced cannot be kept under the path of the new one',
  });
}
