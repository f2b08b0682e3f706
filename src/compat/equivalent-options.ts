import { checkedInteger, invalidArgumentType, invalidArgumentValue } from '../base/errors.js';
import type { Owner, SaveOptions } from '../base/options.js';

/** The owner of a file, as write-file-atomic and atomically take it. */
export interface Chown {
  /** -1: the user of the process. */
  uid: number;
  /** -1: the group that a new file gets. */
  gid: number;
}

/** As in `fs.chown`, it leaves the owner as it is. */
const UNCHANGED = [-1, 0xffff_ffff];

/** What these packages take for options: a string is the encoding, and anything that is no object sets nothing. */
export function optionsObject<T extends object>(options: T | string | null | undefined): T {
  if (typeof options === 'string') return { encoding: options } as T & { encoding: string };
  return (typeof options === 'object' && options !== null ? options : {}) as T;
}

/**
 * The options of a save for a mode and an owner. `undefined`: those of the replaced file. `false`: those of a new file.
 *
 * As in these packages, a process without privileges is not told that it may not set the owner that was given.
 */
export function rightsOptions(
  mode: number | string | false | undefined,
  chown: Chown | false | undefined,
): Pick<SaveOptions, 'mode' | 'owner' | 'preserve'> {
  return {
    mode: mode === false ? undefined : mode,
    owner: chown === false || chown === undefined ? undefined : ownerOf(chown),
    preserve: { mode: mode !== false, owner: chown === undefined },
  };
}

function ownerOf(chown: Chown): Owner | undefined {
  const uid = idOf('uid', chown.uid);
  const gid = idOf('gid', chown.gid);
  const required = process.getuid?.() === 0;
  return uid === undefined && gid === undefined ? undefined : { uid, gid, required };
}

function idOf(name: string, id: unknown): number | undefined {
  if (typeof id === 'number' && UNCHANGED.includes(id)) return undefined;
  return checkedInteger(`options.chown.${name}`, id, 0xffff_ffff);
}

/**
 * The encoding of a save. `fs.write`, which these packages call, refuses half a byte, where a Buffer is made without it.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for an odd number of hexadecimal digits.
 */
export function encodingFor(data: unknown, encoding: unknown): BufferEncoding | undefined {
  // An empty string is no encoding either.
  if (!encoding) return undefined;
  if (typeof encoding !== 'string') throw invalidArgumentType('options.encoding', 'of type string', encoding);
  if (typeof data === 'string' && encoding.toLowerCase() === 'hex' && data.length % 2 !== 0)
    throw invalidArgumentValue('data', 'an even number of hexadecimal digits', data);
  // The save checks it.
  return encoding as BufferEncoding;
}

/** The error for an option that has no equivalent. */
export function refusedOption(name: string, reason: string, value: unknown): TypeError {
  return invalidArgumentValue(`options.${name}`, `left out: ${reason}`, value);
}

/** Why a caller gets nothing to do with a temporary. */
export const OWN_TEMPORARY =
  'the library names its temporary, which on most filesystems has no name while it is written';
