import { indelibleError, type SaveError } from '../base/errors.js';
import type { AbsolutePath } from '../base/path.js';

/** @param who cannot open a file for the caller to write. */
export function noTemporary(path: AbsolutePath, who: string): SaveError {
  const message = `${who} cannot open a file without a name in '${path}'`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'open', path });
}
