import { invalidArgumentValue } from './errors.js';

/** The options of this library that change what a call does. Not every call offers each. */
type OwnOption =
  | 'durability'
  | 'ifExists'
  | 'keepPrevious'
  | 'mode'
  | 'createMode'
  | 'owner'
  | 'preserve'
  | 'followSymlinks'
  | 'makeDirectories'
  | 'signal'
  | 'strict'
  | 'protocol'
  | 'sweep'
  | 'timeout'
  | 'retries'
  | 'lock'
  | 'serialize'
  | 'from';

const NOT_OFFERED = 'this call does not offer it';

const OWN: Readonly<Record<OwnOption, string>> = {
  durability: NOT_OFFERED,
  ifExists: NOT_OFFERED,
  keepPrevious: NOT_OFFERED,
  mode: NOT_OFFERED,
  createMode: NOT_OFFERED,
  owner: NOT_OFFERED,
  preserve: NOT_OFFERED,
  followSymlinks: NOT_OFFERED,
  makeDirectories: NOT_OFFERED,
  signal: NOT_OFFERED,
  strict: NOT_OFFERED,
  protocol: NOT_OFFERED,
  sweep: NOT_OFFERED,
  // Also of atomically.
  timeout: "it is an option of update; AbortSignal.timeout as 'signal' limits the time of other calls",
  retries: 'it is an option of update',
  lock: 'it is an option of update',
  serialize: 'it is an option of Saver',
  from: 'it is an option of openTemporary',
};

const FLAG = "ifExists 'fail' is the flag 'wx', the default is 'w', and update reads, changes and appends";
const SYNC = "durability 'durable', the default, syncs; 'ordered' promises less, and 'none' syncs nothing";
const OWNER = 'owner sets the user and group, and preserve: { owner: false } does not take them over';
const TEMPORARY = 'the library names its temporaries; openTemporary opens one for the caller';
const IF_EXISTS = "ifExists says what happens to a file that exists: 'replace' or 'fail'";
const UPDATE = 'a save replaces the whole content; update gets the old content to add to it';
const STREAM = 'a save opens its file itself, and closes it when it ends';

/**
 * Options of other libraries that would change what happens, each with its equivalent. A program that comes
 * from such a library must not go on without them unnoticed.
 */
const FOREIGN: Readonly<Record<string, string>> = {
  // fs.writeFile, fs.createWriteStream, graceful-fs, fs-extra
  flag: FLAG,
  flags: FLAG,
  flush: SYNC,
  start: UPDATE,
  fd: STREAM,
  autoClose: STREAM,
  emitClose: STREAM,
  fs: 'INDELIBLE_ENGINE in the environment chooses the engine',
  overwrite: IF_EXISTS,
  // write-file-atomic and atomically
  chown: OWNER,
  fsync: SYNC,
  fsyncWait: SYNC,
  tmpfileCreated: TEMPORARY,
  tmpCreate: TEMPORARY,
  tmpCreated: TEMPORARY,
  tmpPurge:
    'a failed save removes its temporary; sweep removes those of dead processes, as does a first save',
  schedule: 'saves to one path are published in the order of the calls',
  // fstream, child_process
  uid: OWNER,
  gid: OWNER,
  // Deno.writeFile and Bun.write
  append: UPDATE,
  create: IF_EXISTS,
  createNew: IF_EXISTS,
  createPath: 'makeDirectories makes missing parent directories',
};

/** The names of the options that a call refuses, each with what to use instead. */
export type RefusedOptions = ReadonlyMap<string, string>;

/** @param offered the options that the call has. */
export function allOptionsBut(offered: readonly OwnOption[]): RefusedOptions {
  const isOffered = (name: string): boolean => (offered as readonly string[]).includes(name);
  return new Map(Object.entries({ ...FOREIGN, ...OWN }).filter(([name]) => !isOffered(name)));
}

/** @throws {TypeError} `ERR_INVALID_ARG_VALUE`, with the name of the option and its equivalent. */
export function refuseOptions(options: object, refused: RefusedOptions, argument = 'options'): void {
  // An object literal, as nearly always, has only what it lists. Few names are cheaper than all that are refused.
  const names = Object.getPrototypeOf(options) === Object.prototype ? Object.keys(options) : refused.keys();
  for (const name of names) {
    const equivalent = refused.get(name);
    if (equivalent === undefined) continue;
    const value: unknown = Reflect.get(options, name);
    if (value === undefined || value === null) continue;
    throw invalidArgumentValue(`${argument}.${name}`, `left out: ${equivalent}`, value);
  }
}
