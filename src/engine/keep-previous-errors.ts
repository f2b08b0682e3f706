import { constants } from 'node:os';
import { indelibleError, type SaveError, systemError } from '../base/errors.js';
import type { OpenRequest } from './engine.js';

/** What a save that keeps the version it replaces is refused with, by either engine. */

/** The replaced version cannot get a second name. */
export function cannotKeep({ path, keepPrevious }: OpenRequest, cause?: unknown): SaveError {
  const message =
    `The version that stands under '${path}' cannot be kept: the filesystem has no hard links, or ` +
    `fs.protected_hardlinks or a file's flag does not allow one`;
  const where = { syscall: 'link', path, ...(keepPrevious !== undefined && { dest: keepPrevious }) };
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { ...where, cause });
}

/** `keepPrevious` names the very file that is saved. */
export function keptUnderItself({ path, keepPrevious }: OpenRequest): SaveError {
  return systemError({
    errno: constants.errno.EINVAL,
    syscall: 'link',
    path,
    ...(keepPrevious !== undefined && { dest: keepPrevious }),
    hint: 'the version that is replaced cannot be kept under the path of the new one',
  });
}
