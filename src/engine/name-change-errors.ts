import { indelibleError, type SaveError } from '../errors.js';
import type { AbsolutePath } from '../path.js';
import type { NameChangeRequest } from './engine.js';

/** What a change of names is refused with, by either engine. */

export function notASymlink(path: AbsolutePath): SaveError {
  const message = `Not a symbolic link, and nothing else is replaced by one: '${path}'`;
  return indelibleError('ERR_INDELIBLE_NOT_A_SYMLINK', message, { syscall: 'lstat', path });
}

export function namesNotDurable(path: AbsolutePath): SaveError {
  const message = `The filesystem cannot make the name '${path}' as durable as was asked for`;
  return indelibleError('ERR_INDELIBLE_NOT_DURABLE', message, { syscall: 'open', path });
}

const CANNOT: Readonly<Record<NameChangeRequest['kind'], string>> = {
  exchange: 'exchange two names',
  renameExclusive: 'rename only if the new name is free',
  replaceSymlink: 'replace a symbolic link',
};

/** @param who cannot. */
export function unsupportedNameChange(
  kind: NameChangeRequest['kind'],
  from: AbsolutePath,
  to: AbsolutePath,
  who: string,
): SaveError {
  const message = `${who} cannot ${CANNOT[kind]} in one step: '${from}' -> '${to}'`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'rename', path: from, dest: to });
}
