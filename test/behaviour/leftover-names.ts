import { randomCharacters } from '../../src/fs/temporary-name.js';
import { type TemporaryOwner, thisProcess } from '../../src/fs/temporary-owner.js';

/** A name that this library makes, and that of this process unless the owner says otherwise. */
export function nameOf(kind: 'w' | 'l' | 'p', owner: Partial<TemporaryOwner> = {}): string {
  const { processId, startTime, boot, namespaces } = { ...thisProcess(), ...owner };
  return `.indelible-${kind}-${processId}-${startTime}-${boot}-${namespaces}-${randomCharacters()}`;
}

/** Another hash of the same form. */
function other(hash: string): string {
  return hash.replace(/./g, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16));
}

/** The owner whose id this process has got later. */
export const dead = () => ({ startTime: thisProcess().startTime - 1 });
/** A process of a container on this machine, which cannot be seen. */
export const hidden = () => ({ namespaces: other(thisProcess().namespaces) });
/** A process of an earlier boot of this machine, or of another machine. */
export const elsewhere = () => ({ boot: other(thisProcess().boot) });
