import { invalidArgumentType, invalidArgumentValue, outOfRange } from './errors.js';
import { type AbsolutePath, absolutePath, type PathLike } from './path.js';

/** The engine that saves: `'native'` is the addon, `'portable'` is plain `fs`. */
export type EngineName = 'native' | 'portable';

/**
 * What a save promises about power loss.
 * - `'durable'`: once the save resolves, the new content survives.
 * - `'ordered'`: the file is wholly old or wholly new, never torn, but it may not be the newest version.
 * - `'none'`: atomic for other processes only. Power loss may leave anything.
 */
export type Durability = 'durable' | 'ordered' | 'none';

/** The steps of a save. `docs/durability.md` says which filesystem needs which protocol. */
export type Protocol = 'single-commit' | 'sync-rename-sync' | 'rename';

/** Which attributes the new file takes over from the replaced file. */
export type Preserve = 'all' | 'permissions' | 'none';

/** Options of `save` and `saveSync`. */
export interface SaveOptions {
  /** Default `'durable'`. */
  durability?: Durability | undefined;
  /**
   * `'fail'` rejects with `EEXIST` if the path exists, even as a dangling symbolic link, like the flag `wx`
   * of Node's `fs`. Of many such saves to one path exactly one succeeds. Default `'replace'`.
   */
  ifExists?: 'replace' | 'fail' | undefined;
  /**
   * A path at which the replaced version is kept. Afterwards exactly that file is at this path, as durable as
   * the new one. It replaces a file or link that was there. At any instant, and after any crash, either
   * `path` or this path leads to the old version. If nothing is replaced, this path is left alone. It must be
   * on the same mounted filesystem as `path` (`EXDEV`) and must not be `path` itself. A symbolic link at this
   * path is not followed. Not allowed with `ifExists: 'fail'`, which replaces nothing.
   */
  keepPrevious?: PathLike | undefined;
  /**
   * The file's twelve mode bits, exactly: the umask does not apply. A number, or a string of octal digits.
   * Default: the mode of the replaced file; for a new file `0o666 & ~umask`.
   */
  mode?: number | string | undefined;
  /** The file's owner and group. Default: those of the replaced file, as far as the process may set them. */
  owner?: { uid: number; gid: number } | undefined;
  /**
   * What is taken over from the replaced file. `'permissions'`: mode, owner and group; with the native engine
   * also the access control list on macOS and Windows. `'all'`, the default: the same, and with the native
   * engine also extended attributes, POSIX ACLs, security labels, file flags (no dump, no access time,
   * synchronous) and the project id on Linux; extended attributes and flags (no dump, hidden) on macOS; the
   * attributes hidden, system and not indexed on Windows. `'none'`: nothing, as for a new file. An attribute
   * that the process lacks the privilege to set is left out without an error. Hard links and the birth time
   * are never kept.
   */
  preserve?: Preserve | undefined;
  /**
   * Whether a symbolic link at the path is followed. With `true` the link stays and its target is replaced;
   * the target of a dangling link is created. With `false` the link itself is replaced by a file. Default
   * `true`.
   */
  followSymlinks?: boolean | undefined;
  /**
   * Makes missing parent directories, with mode `0o777 & ~umask`. Their names become as durable as the file.
   * Default `false`.
   */
  makeDirectories?: boolean | undefined;
  /**
   * Aborts the save until it is published. After that an abort has no effect, and the save resolves as usual.
   */
  signal?: AbortSignal | undefined;
  /** The encoding of `data` if it is a string. Default `'utf8'`. */
  encoding?: BufferEncoding | null | undefined;
  /**
   * Rejects with `ERR_INDELIBLE_NOT_DURABLE`, before anything is written, if the filesystem cannot give the
   * requested durability. Default `false`: the save does its best, and `Saved.durability` says what was
   * achieved.
   */
  strict?: boolean | undefined;
  /**
   * Forces `sync-rename-sync` where a cheaper protocol is proven. `INDELIBLE_PROTOCOL=sync-rename-sync` in
   * the environment does so for every save of the process. No other protocol can be forced. Default: the
   * protocol that `inspect` reports.
   */
  protocol?: 'sync-rename-sync' | undefined;
}

/** The options of a save, checked, with every default filled in. */
export interface ResolvedOptions {
  durability: Durability;
  ifExists: 'replace' | 'fail';
  keepPrevious: AbsolutePath | undefined;
  mode: number | undefined;
  owner: { uid: number; gid: number } | undefined;
  preserve: Preserve;
  followSymlinks: boolean;
  makeDirectories: boolean;
  signal: AbortSignal | undefined;
  encoding: BufferEncoding;
  strict: boolean;
  protocol: 'sync-rename-sync' | undefined;
}

const MAX_MODE = 0o7777;
/** `(uid_t)-1` is not an owner: it tells `chown` to leave the owner unchanged. */
const MAX_ID = 0xffff_fffe;

/**
 * Checks the options and fills in the defaults. A string is the encoding, as in `fs.writeFile`.
 *
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, with the name of the
 *   option.
 */
export function resolveOptions(options: SaveOptions | BufferEncoding | null | undefined): ResolvedOptions {
  const given: SaveOptions = typeof options === 'string' ? { encoding: options } : (options ?? {});
  if (typeof given !== 'object') throw invalidArgumentType('options', 'of type object or string', options);
  const ifExists = oneOf('options.ifExists', given.ifExists, ['replace', 'fail']);
  return {
    durability: oneOf('options.durability', given.durability, ['durable', 'ordered', 'none']),
    ifExists,
    keepPrevious: resolveKeepPrevious(given.keepPrevious, ifExists),
    mode: resolveMode(given.mode),
    owner: resolveOwner(given.owner),
    preserve: oneOf('options.preserve', given.preserve, ['all', 'permissions', 'none']),
    followSymlinks: booleanOption('options.followSymlinks', given.followSymlinks, true),
    makeDirectories: booleanOption('options.makeDirectories', given.makeDirectories, false),
    signal: resolveSignal(given.signal),
    encoding: resolveEncoding(given.encoding),
    strict: booleanOption('options.strict', given.strict, false),
    protocol: resolveProtocol(given.protocol) ?? protocolFromEnvironment(),
  };
}

/** The first of `allowed` is the default. */
export function oneOf<const T extends string>(
  name: string,
  value: T | undefined,
  allowed: readonly [T, ...T[]],
): T {
  if (value === undefined) return allowed[0];
  if (typeof value !== 'string') throw invalidArgumentType(name, 'of type string', value);
  if (!allowed.includes(value)) {
    throw invalidArgumentValue(name, `one of ${allowed.map((one) => `'${one}'`).join(', ')}`, value);
  }
  return value;
}

export function booleanOption(name: string, value: boolean | undefined, defaultValue: boolean): boolean {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'boolean') throw invalidArgumentType(name, 'of type boolean', value);
  return value;
}

function resolveProtocol(protocol: SaveOptions['protocol']): ResolvedOptions['protocol'] {
  return protocol === undefined ? undefined : oneOf('options.protocol', protocol, ['sync-rename-sync']);
}

/**
 * The protocol that `INDELIBLE_PROTOCOL` forces; `undefined` if it is not set or empty.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for anything but `sync-rename-sync`.
 */
export function protocolFromEnvironment(): ResolvedOptions['protocol'] {
  const { INDELIBLE_PROTOCOL: value } = process.env;
  if (value === undefined || value === '') return undefined;
  if (value === 'sync-rename-sync') return value;
  throw invalidArgumentValue('INDELIBLE_PROTOCOL', "'sync-rename-sync'", value);
}

/** @throws `ERR_INVALID_ARG_VALUE` for an empty path, or with `ifExists: 'fail'`, which replaces nothing. */
export function resolveKeepPrevious(
  keepPrevious: PathLike | undefined,
  ifExists: 'replace' | 'fail',
): AbsolutePath | undefined {
  if (keepPrevious === undefined) return undefined;
  const path = absolutePath(keepPrevious, 'options.keepPrevious');
  if (path.length === 0) throw invalidArgumentValue('options.keepPrevious', 'a path', keepPrevious);
  if (ifExists === 'fail') {
    throw invalidArgumentValue('options.keepPrevious', "left out with ifExists 'fail'", keepPrevious);
  }
  return path;
}

function resolveMode(mode: number | string | undefined): number | undefined {
  if (mode === undefined) return undefined;
  if (typeof mode === 'string') {
    if (!/^[0-7]+$/.test(mode)) throw invalidArgumentValue('options.mode', 'a string of octal digits', mode);
    return integerOption('options.mode', Number.parseInt(mode, 8), MAX_MODE, 'between 0 and 0o7777');
  }
  return integerOption('options.mode', mode, MAX_MODE, 'between 0 and 0o7777');
}

function resolveOwner(owner: SaveOptions['owner']): ResolvedOptions['owner'] {
  if (owner === undefined) return undefined;
  if (owner === null || typeof owner !== 'object') {
    throw invalidArgumentType('options.owner', 'an object with uid and gid', owner);
  }
  return {
    uid: integerOption('options.owner.uid', owner.uid, MAX_ID, 'between 0 and 4294967294'),
    gid: integerOption('options.owner.gid', owner.gid, MAX_ID, 'between 0 and 4294967294'),
  };
}

function integerOption(name: string, value: number, highest: number, range: string): number {
  if (typeof value !== 'number') throw invalidArgumentType(name, 'of type number', value);
  if (!Number.isInteger(value) || value < 0 || value > highest) {
    throw outOfRange(name, `an integer ${range}`, value);
  }
  return value;
}

function resolveSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (signal === null || typeof signal !== 'object' || !('aborted' in signal)) {
    throw invalidArgumentType('options.signal', 'an instance of AbortSignal', signal);
  }
  return signal;
}

function resolveEncoding(encoding: BufferEncoding | null | undefined): BufferEncoding {
  if (encoding === undefined || encoding === null) return 'utf8';
  if (typeof encoding !== 'string') throw invalidArgumentType('options.encoding', 'of type string', encoding);
  if (!Buffer.isEncoding(encoding)) {
    throw invalidArgumentValue('options.encoding', 'an encoding that Buffer knows', encoding);
  }
  return encoding;
}

const STRENGTH: readonly Durability[] = ['none', 'ordered', 'durable'];

export function isWeaker(a: Durability, b: Durability): boolean {
  return STRENGTH.indexOf(a) < STRENGTH.indexOf(b);
}
