import { indelibleError, type SaveError } from './errors.js';
import type { AbsolutePath } from './path.js';

/** What an update is refused with, by either engine. */

export function changed(path: AbsolutePath): SaveError {
  const message = `Somebody else has changed '${path}' since it was read`;
  return indelibleError('ERR_INDELIBLE_CHANGED', message, { syscall: 'rename', path });
}

/** @param who cannot. */
export function noLock(path: AbsolutePath, who: string, syscall: string): SaveError {
  const message = `${who} cannot keep updates of '${path}' by other processes out; with the option lock: 'thread' only those of this thread are kept in order`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall, path });
}
