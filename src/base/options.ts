import { checkedInteger, invalidArgumentType, invalidArgumentValue } from './errors.js';
import { type AbsolutePath, absolutePath, type PathLike } from './path.js';
import { allOptionsBut, type RefusedOptions, refuseOptions } from './refused-options.js';

/** The engine that saves: `'native'` is the addon, `'portable'` is plain `fs`. */
export type EngineName = 'native' | 'portable';

/**
 * What a save promises about power loss.
 * - `'durable'`: once the save resolves, the new content survives.
 * - `'ordered'`: the file is wholly old or wholly new, never torn, but it may not be the newest version.
 * - `'none'`: atomic for other processes only. Power loss may leave anything.
 *
 * @category save
 */
export type Durability = 'durable' | 'ordered' | 'none';

/**
 * The steps of a save. `docs/durability.md` says which filesystem needs which protocol.
 *
 * @category save
 */
export type Protocol = 'single-commit' | 'sync-rename-sync' | 'rename';

/**
 * What the new file takes over from the replaced file: everything, mode and owner, nothing, or each part by
 * itself. A part that is left out is taken over, as with `'all'`.
 *
 * @category save
 */
export type Preserve = 'all' | 'permissions' | 'none' | PreservedParts;

/**
 * The parts of `Preserve`.
 *
 * @category save
 */
export interface PreservedParts {
  /**
   * The twelve mode bits, and the access control list: on macOS and Windows with the native engine, on Linux
   * also with `attributes`. Without it the file gets a mode as a new file does. Default `true`.
   */
  mode?: boolean | null | undefined;
  /** User and group, as far as the process may set them. Default `true`. */
  owner?: boolean | null | undefined;
  /** With the native engine: extended attributes, file flags, the project id. Default `true`. */
  attributes?: boolean | null | undefined;
}

/**
 * The owner of a file, and whether the save fails if it cannot be set.
 *
 * @category save
 */
export interface Owner {
  /** The number of the user. Default: as without the option `owner`. */
  uid?: number | null | undefined;
  /** The number of the group. Default: as without the option `owner`. */
  gid?: number | null | undefined;
  /**
   * Whether the save rejects with `EPERM` or `EINVAL` if the process may not set them. With `false` they are
   * set as far as the process may; where one was not set, a preserved mode loses the rights that were meant
   * for it, as with a preserved owner. Default `true`.
   */
  required?: boolean | null | undefined;
}

/**
 * Options of `save` and `saveSync`.
 *
 * @category save
 */
export interface SaveOptions {
  /** Default `'durable'`. */
  durability?: Durability | null | undefined;
  /**
   * `'fail'` rejects with `EEXIST` if the path exists, even as a dangling symbolic link, like the flag `wx`
   * of Node's `fs`. Of many such saves to one path exactly one succeeds. Default `'replace'`.
   */
  ifExists?: 'replace' | 'fail' | null | undefined;
  /**
   * A path at which the replaced version is kept. Afterwards exactly that file is at this path, as durable as
   * the new one. It replaces a file or link that was there. At any instant, and after any crash, either
   * `path` or this path leads to the old version. If nothing is replaced, this path is left alone. It must be
   * on the same mounted filesystem as `path` (`EXDEV`) and must not be `path` itself. A symbolic link at this
   * path is not followed. Not allowed with `ifExists: 'fail'`, which replaces nothing.
   */
  keepPrevious?: PathLike | null | undefined;
  /**
   * The file's twelve mode bits, exactly: the umask does not apply. A number or a string of octal digits, as
   * in `fs`; file-type bits are ignored, so that it may be the `mode` of a `Stats`. Default: the mode of the
   * replaced file; for a new file `createMode`.
   */
  mode?: number | string | null | undefined;
  /**
   * The mode of a file that does not exist yet. The umask applies, as in `fs.writeFile`. It is also used
   * where a file exists whose mode is not taken over (`preserve`). `mode` has precedence. Default `0o666`.
   */
  createMode?: number | string | null | undefined;
  /**
   * The file's owner, its group, or both. Default: those of the replaced file, as far as the process may set
   * them. In a sticky directory that others may write, the file of another user (neither the process's user
   * nor the owner of the directory) is replaced only with `owner.uid`, and nothing of it is taken over;
   * otherwise the call rejects with `EACCES`.
   */
  owner?: Owner | null | undefined;
  /**
   * What is taken over from the replaced file. `'permissions'`: mode, owner and group; with the native engine
   * also the access control list on macOS and Windows. `'all'`, the default: the same, and with the native
   * engine also extended attributes, POSIX ACLs, security labels, file flags (no dump, no access time,
   * synchronous) and the project id on Linux; extended attributes and flags (no dump, hidden) on macOS; the
   * attributes hidden, system and not indexed on Windows. `'none'`: nothing, as for a new file. An attribute
   * that the process lacks the privilege to set is left out without an error. Hard links and the birth time
   * are never kept.
   */
  preserve?: Preserve | null | undefined;
  /**
   * Whether a symbolic link at the path is followed. With `true` the link stays and its target is replaced;
   * the target of a dangling link is created. With `false` the link itself is replaced by a file. In a sticky
   * directory that others may write, the link of another user is not followed (`EACCES`). Default `true`.
   */
  followSymlinks?: boolean | null | undefined;
  /**
   * Makes missing parent directories, with mode `0o777 & ~umask`. Their names become as durable as the file.
   * Default `false`.
   */
  makeDirectories?: boolean | null | undefined;
  /**
   * Aborts the save until it is published. After that an abort has no effect, and the save resolves as usual.
   * An aborted save rejects when its temporary is removed, or after about 50 ms if a disk or a server holds that
   * up; then it is removed later, and until then the data may still be read.
   */
  signal?: AbortSignal | null | undefined;
  /** The encoding of `data` if it is a string. Default `'utf8'`. */
  encoding?: BufferEncoding | null | undefined;
  /**
   * Rejects with `ERR_INDELIBLE_NOT_DURABLE`, before anything is changed, if the filesystem cannot give the
   * requested durability. Default `false`: the save does its best, and `Saved.durability` says what was
   * achieved.
   */
  strict?: boolean | null | undefined;
  /**
   * Forces `sync-rename-sync` where a cheaper protocol is proven. `INDELIBLE_PROTOCOL=sync-rename-sync` in
   * the environment does so for every save of the process. No other protocol can be forced. Default: the
   * protocol that `inspect` reports.
   */
  protocol?: 'sync-rename-sync' | null | undefined;
  /**
   * Whether the first save to a directory is followed by a look, in the background, for what killed programs
   * of the same user have left there. `INDELIBLE_SWEEP=off` in the environment turns it off for the whole
   * process. Default `true`.
   */
  sweep?: boolean | null | undefined;
}

/** The key of an option that callers outside the package cannot give. */
export const ONLY_IF_WRITABLE = Symbol('only if writable');

/** Options that the package's own calls may add. */
export interface InternalOptions extends SaveOptions {
  /** `SaveParameters.onlyIfWritable`. */
  [ONLY_IF_WRITABLE]?: true;
}

/** `undefined`: not given by the caller. At least one of them is given. */
export interface ResolvedOwner {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly required: boolean;
}

/** `Preserve` as its parts. */
export interface ResolvedPreserve {
  readonly mode: boolean;
  readonly owner: boolean;
  readonly attributes: boolean;
}

/** The options of a save, checked, with every default filled in. */
export interface ResolvedOptions {
  durability: Durability;
  ifExists: 'replace' | 'fail';
  keepPrevious: AbsolutePath | undefined;
  mode: number | undefined;
  createMode: number;
  owner: ResolvedOwner | undefined;
  preserve: ResolvedPreserve;
  followSymlinks: boolean;
  makeDirectories: boolean;
  signal: AbortSignal | undefined;
  encoding: BufferEncoding;
  strict: boolean;
  onlyIfWritable: boolean;
  protocol: 'sync-rename-sync' | undefined;
  sweep: boolean;
}

/** With the bits of the file type, as in the `mode` of a `Stats`. */
const MAX_MODE = 0o177777;
const MODE_BITS = 0o7777;
const DEFAULT_CREATE_MODE = 0o666;

/** The options of every save. */
export const SAVE_OPTIONS = [
  ...(['durability', 'ifExists', 'keepPrevious', 'mode', 'createMode', 'owner', 'preserve'] as const),
  ...(['followSymlinks', 'makeDirectories', 'signal', 'strict', 'protocol', 'sweep'] as const),
] as const;
const REFUSED_BY_SAVES = allOptionsBut(SAVE_OPTIONS);

const PRESERVED: Readonly<Record<Extract<Preserve, string>, ResolvedPreserve>> = {
  all: { mode: true, owner: true, attributes: true },
  permissions: { mode: true, owner: true, attributes: false },
  none: { mode: false, owner: false, attributes: false },
};
/** `(uid_t)-1` is not an owner: it tells `chown` to leave the owner unchanged. */
const MAX_ID = 0xffff_fffe;

/**
 * Checks the options and fills in the defaults. A string is the encoding, as in `fs.writeFile`.
 *
 * @param refused the options that the call refuses. Default: those that no save has.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE`, with
 *   the name of the option.
 */
export function resolveOptions(
  options: SaveOptions | BufferEncoding | null | undefined,
  refused = REFUSED_BY_SAVES,
): ResolvedOptions {
  if (typeof options === 'string') return resolveOptions({ encoding: options });
  const given: InternalOptions = optionsObject(options, refused, 'of type object or string');
  const ifExists = oneOf('options.ifExists', given.ifExists, ['replace', 'fail']);
  return {
    durability: oneOf('options.durability', given.durability, ['durable', 'ordered', 'none']),
    ifExists,
    keepPrevious: resolveKeepPrevious(given.keepPrevious, ifExists),
    mode: modeOption('options.mode', given.mode),
    createMode: modeOption('options.createMode', given.createMode) ?? DEFAULT_CREATE_MODE,
    owner: resolveOwner(given.owner),
    preserve: resolvePreserve(given.preserve),
    followSymlinks: booleanOption('options.followSymlinks', given.followSymlinks, true),
    makeDirectories: booleanOption('options.makeDirectories', given.makeDirectories, false),
    signal: resolveSignal(given.signal),
    encoding: resolveEncoding(given.encoding),
    strict: booleanOption('options.strict', given.strict, false),
    onlyIfWritable: given[ONLY_IF_WRITABLE] === true,
    protocol: resolveProtocol(given.protocol) ?? protocolFromEnvironment(),
    sweep: booleanOption('options.sweep', given.sweep, true),
  };
}

/**
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if it is not an object; `ERR_INVALID_ARG_VALUE` for an option that
 *   the call refuses.
 */
export function optionsObject<T extends object>(
  options: T | null | undefined,
  refused: RefusedOptions,
  expected = 'of type object',
): T | Record<string, never> {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object' || Array.isArray(options)) {
    throw invalidArgumentType('options', expected, options);
  }
  refuseOptions(options, refused);
  return options;
}

/** The first of `allowed` is the default. */
export function oneOf<const T extends string>(
  name: string,
  value: T | null | undefined,
  allowed: readonly [T, ...T[]],
): T {
  if (value === undefined || value === null) return allowed[0];
  if (typeof value !== 'string') throw invalidArgumentType(name, 'of type string', value);
  if (!allowed.includes(value)) {
    throw invalidArgumentValue(name, `one of ${allowed.map((one) => `'${one}'`).join(', ')}`, value);
  }
  return value;
}

export function booleanOption(
  name: string,
  value: boolean | null | undefined,
  defaultValue: boolean,
): boolean {
  if (value === undefined || value === null) return defaultValue;
  if (typeof value !== 'boolean') throw invalidArgumentType(name, 'of type boolean', value);
  return value;
}

function resolveProtocol(protocol: SaveOptions['protocol']): ResolvedOptions['protocol'] {
  return protocol === undefined || protocol === null
    ? undefined
    : oneOf('options.protocol', protocol, ['sync-rename-sync']);
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

/**
 * Whether `INDELIBLE_SWEEP` lets a save look for what killed programs have left.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for anything but `off`; not set or empty: it does.
 */
export function sweepsByEnvironment(): boolean {
  const { INDELIBLE_SWEEP: value } = process.env;
  if (value === undefined || value === '') return true;
  if (value === 'off') return false;
  throw invalidArgumentValue('INDELIBLE_SWEEP', "'off'", value);
}

/** @throws `ERR_INVALID_ARG_VALUE` for an empty path, or with `ifExists: 'fail'`, which replaces nothing. */
export function resolveKeepPrevious(
  keepPrevious: PathLike | null | undefined,
  ifExists: 'replace' | 'fail',
): AbsolutePath | undefined {
  if (keepPrevious === undefined || keepPrevious === null) return undefined;
  const path = absolutePath(keepPrevious, 'options.keepPrevious');
  if (path.length === 0) throw invalidArgumentValue('options.keepPrevious', 'a path', keepPrevious);
  if (ifExists === 'fail') {
    throw invalidArgumentValue('options.keepPrevious', "left out with ifExists 'fail'", keepPrevious);
  }
  return path;
}

/** The twelve mode bits. */
export function modeOption(name: string, mode: number | string | null | undefined): number | undefined {
  if (mode === undefined || mode === null) return undefined;
  if (typeof mode === 'string' && !/^[0-7]+$/.test(mode)) {
    throw invalidArgumentValue(name, 'a number or a string of octal digits', mode);
  }
  const number = typeof mode === 'string' ? Number.parseInt(mode, 8) : mode;
  return checkedInteger(name, number, MAX_MODE) & MODE_BITS;
}

function resolveOwner(owner: SaveOptions['owner']): ResolvedOptions['owner'] {
  if (owner === undefined || owner === null) return undefined;
  if (typeof owner !== 'object' || Array.isArray(owner)) {
    throw invalidArgumentType('options.owner', 'of type object', owner);
  }
  const uid = idOption('options.owner.uid', owner.uid);
  const gid = idOption('options.owner.gid', owner.gid);
  const required = booleanOption('options.owner.required', owner.required, true);
  if (uid !== undefined || gid !== undefined) return { uid, gid, required };
  throw invalidArgumentValue('options.owner', 'an object with uid, gid or both', owner);
}

function idOption(name: string, id: number | null | undefined): number | undefined {
  return id === undefined || id === null ? undefined : checkedInteger(name, id, MAX_ID);
}

function resolvePreserve(preserve: SaveOptions['preserve']): ResolvedPreserve {
  if (preserve === undefined || preserve === null) return PRESERVED.all;
  if (typeof preserve === 'string') {
    return PRESERVED[oneOf('options.preserve', preserve, ['all', 'permissions', 'none'])];
  }
  if (typeof preserve !== 'object' || Array.isArray(preserve)) {
    throw invalidArgumentType('options.preserve', 'of type string or object', preserve);
  }
  return {
    mode: booleanOption('options.preserve.mode', preserve.mode, true),
    owner: booleanOption('options.preserve.owner', preserve.owner, true),
    attributes: booleanOption('options.preserve.attributes', preserve.attributes, true),
  };
}

/** Any object with the methods that are called: the signal may be of another realm or of a polyfill. */
function resolveSignal(signal: SaveOptions['signal']): AbortSignal | undefined {
  if (signal === undefined || signal === null) return undefined;
  if (
    typeof signal !== 'object' ||
    typeof signal.aborted !== 'boolean' ||
    typeof signal.addEventListener !== 'function' ||
    typeof signal.removeEventListener !== 'function'
  ) {
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
