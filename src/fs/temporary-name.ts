import { type TemporaryOwner, thisProcess } from './temporary-owner.js';

// The name of a temporary records what kind it is and who made it, because nothing else tells a sweep whether
// its maker still runs. A lock on the file would not: it ends with the rename, or other programs meet it on
// the published file, and a lock that was taken through another mount (FUSE, NFS) is not seen.
//   .indelible-<kind>-<process id>-<start time>-<boot>-<namespaces>-<random>

/**
 * `'open'`: on a local filesystem (`Decision.local`), and open for writing by its maker as long as it has the
 * name. Only the native engine makes these (native/save/temporary_name.h). `'local'`: on a local filesystem.
 * `'any'`: on any filesystem.
 */
export type TemporaryKind = 'open' | 'local' | 'any';

/** The beginning of the name of everything that this library makes for itself. */
export const TEMPORARY_PREFIX = '.indelible-';

const LETTERS: Readonly<Record<TemporaryKind, string>> = { open: 'w', local: 'l', any: 'p' };
const KINDS = new Map(Object.entries(LETTERS).map(([kind, letter]) => [letter, kind as TemporaryKind]));
const PATTERN = /^\.indelible-([wlp])-(\d+)-(\d+)-([0-9a-f]{8})-([0-9a-f]{8})-[a-z2-7]{16}$/;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const RANDOM_LENGTH = 16;

let owner: string | undefined;

/** @returns the part of a name that records this process. */
export function ownerPart(): string {
  if (owner === undefined) {
    const { processId, startTime, boot, namespaces } = thisProcess();
    owner = `${processId}-${startTime}-${boot}-${namespaces}`;
  }
  return owner;
}

/**
 * @param local whether it is on a local filesystem.
 * @returns a new unique name of at most 80 bytes.
 */
export function temporaryName(local: boolean): string {
  return `${TEMPORARY_PREFIX}${LETTERS[local ? 'local' : 'any']}-${ownerPart()}-${randomCharacters()}`;
}

/** What the name of a temporary says. */
export interface ParsedName {
  readonly kind: TemporaryKind;
  readonly owner: TemporaryOwner;
}

/** @returns `undefined` if it is not the name of a temporary. */
export function parseTemporaryName(name: string): ParsedName | undefined {
  const [, letter = '', processId, startTime, boot, namespaces] = PATTERN.exec(name) ?? [];
  const kind = KINDS.get(letter);
  if (kind === undefined || boot === undefined || namespaces === undefined) return undefined;
  return {
    kind,
    owner: { processId: Number(processId), startTime: Number(startTime), boot, namespaces },
  };
}

/** 80 random bits in base 32. */
export function randomCharacters(): string {
  let characters = '';
  // Loaded here: the native engine does not need it.
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  for (const byte of randomBytes(RANDOM_LENGTH)) characters += BASE32.charAt(byte % BASE32.length);
  return characters;
}
