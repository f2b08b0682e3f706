import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '../version.js';
import type { Stage } from './stage-timer.js';

/** Why a native call failed. Paths are bytes, and absent where it is simply the target's. */
export interface NativeFailure {
  reason:
    | 'system'
    | 'not-a-file'
    | 'not-a-symlink'
    | 'not-a-directory'
    | 'mount-point'
    | 'not-durable'
    | 'unsupported'
    | 'no-lock'
    | 'changed'
    | 'cannot-keep'
    | 'same-path'
    | 'cancelled';
  errno: number;
  syscall: string;
  published: boolean;
  path?: Buffer;
  dest?: Buffer;
}

/** A filesystem that the addon wants a decision about, as it was under this generation of the mount table. */
export interface NativeQuestion {
  major: number;
  minor: number;
  mountId: number;
  directory: Buffer;
  generation: number;
  /** How many directory syncs were seen since this generation began. */
  syncs: number;
}

type NativePath = string | Buffer;
/** 0, or the descriptor that was opened. */
type NativeResult = number | NativeFailure;

/** Kind, from, to, the new link's temporary name and the old one's, plan, strict, insist (`native/name_change.h`). */
export type NativeNameChange = [
  kind: number,
  from: NativePath,
  to: NativePath,
  temporary: string,
  held: string,
  plan: number,
  strict: boolean,
  insist: boolean,
];

/** The arguments of `readForUpdate` (`native/update_binding.cc`). */
export type NativeRead = [ticket: number, path: NativePath, makeDirectories: boolean, mustLock: boolean];

/** How long a save was in each stage, in nanoseconds, by the stage's place in `Addon.stages`. */
export type NativeStages = readonly number[];

/** What a save answers with: `bytes * 32 + protocol * 8 + durability * 2 + replaced`, or why it failed; with the flag `timed` also its stages. */
export type NativeOutcome =
  | number
  | NativeFailure
  | { outcome: number | NativeFailure; stages: NativeStages };
/** The old tree's new path may be empty (`native/directory_replacement.h`). */
export type NativeDirectoryReplacement = [
  staged: NativePath,
  path: NativePath,
  previous: NativePath,
  plan: number,
  strict: boolean,
  insist: boolean,
];

/** Path, no data, flags, mode, uid, gid, previous, ticket (`native/request_arguments.h`). */
export type NativeRequest = [
  path: NativePath,
  data: Uint8Array,
  flags: number,
  mode: number,
  uid: number,
  gid: number,
  previous: NativePath | undefined,
  ticket: number,
];

/** The calls of `native/primitives_binding.cc`. */
export interface NativePrimitives {
  renameat2(from: NativePath, to: NativePath, flags: number): Promise<NativeResult>;
  renameat2Sync(from: NativePath, to: NativePath, flags: number): NativeResult;
  openTmpfile(directory: NativePath, mode: number): Promise<NativeResult>;
  openTmpfileSync(directory: NativePath, mode: number): NativeResult;
  linkat(from: NativePath | number, to: NativePath): Promise<NativeResult>;
  linkatSync(from: NativePath | number, to: NativePath): NativeResult;
  syncFileRange(fd: number, offset: number, length: number, flags: number): Promise<NativeResult>;
  syncFileRangeSync(fd: number, offset: number, length: number, flags: number): NativeResult;
  fdatasync(fd: number): Promise<NativeResult>;
  fdatasyncSync(fd: number): NativeResult;
  fsync(fd: number): Promise<NativeResult>;
  fsyncSync(fd: number): NativeResult;
  fullfsync(fd: number): Promise<NativeResult>;
  fullfsyncSync(fd: number): NativeResult;
  barrierfsync(fd: number): Promise<NativeResult>;
  barrierfsyncSync(fd: number): NativeResult;
  syncfs(fd: number): Promise<NativeResult>;
  syncfsSync(fd: number): NativeResult;
  syncDirectory(path: NativePath): Promise<NativeResult>;
  syncDirectorySync(path: NativePath): NativeResult;
}

/** What `native/binding.cc` exports. It checks nothing: every argument has been checked before. */
export interface Addon extends NativePrimitives {
  save(
    path: NativePath,
    data: Uint8Array,
    flags: number,
    mode: number,
    uid: number,
    gid: number,
    previous: NativePath | undefined,
    ticket: number,
  ): Promise<NativeOutcome>;
  /** The outcome of one save; `null` if a filesystem has to be decided about first. */
  saveSync(
    path: NativePath,
    data: Uint8Array,
    flags: number,
    mode: number,
    uid: number,
    gid: number,
    previous: NativePath | undefined,
  ): NativeOutcome | null;
  /** Several saves in a row, seven arguments each: the outcomes of all. */
  saveSync(...saves: (NativePath | Uint8Array | number | undefined)[]): NativeOutcome[] | null;
  /** 0; `null` if a filesystem has to be decided about first, and then it is to be called again. */
  openSave(
    path: NativePath,
    data: Uint8Array,
    flags: number,
    mode: number,
    uid: number,
    gid: number,
    previous: NativePath | undefined,
    ticket: number,
  ): Promise<NativeResult | null>;
  openSaveSync(
    path: NativePath,
    data: Uint8Array,
    flags: number,
    mode: number,
    uid: number,
    gid: number,
    previous: NativePath | undefined,
    ticket: number,
  ): NativeResult | null;
  appendToSave(ticket: number, data: Uint8Array): Promise<NativeResult>;
  appendToSaveSync(ticket: number, data: Uint8Array): NativeResult;
  /** The outcome, as of `save`. The ticket is that of `openSave`, and of no use afterwards. */
  finishSave(ticket: number): Promise<NativeOutcome>;
  /** `null` as of `saveSync`. */
  finishSaveSync(ticket: number): NativeOutcome | null;
  /** Its stages, or 0 without the flag `timed`. */
  abandonSave(ticket: number): Promise<NativeStages | 0>;
  abandonSaveSync(ticket: number): NativeStages | 0;
  /**
   * How many updates of the file come first, or its content, `null` if it is missing. The first call with a ticket begins
   * an update, which must be ended whatever happens.
   */
  readForUpdate(...read: NativeRead): Promise<number | Buffer | null | NativeFailure>;
  readForUpdateSync(...read: NativeRead): number | Buffer | null | NativeFailure;
  /** As `save`, of the version that the update has read and no other. */
  saveUpdate(
    path: NativePath,
    data: Uint8Array,
    flags: number,
    mode: number,
    uid: number,
    gid: number,
    previous: NativePath | undefined,
    update: number,
    ticket: number,
  ): Promise<NativeOutcome>;
  /** `null` as of `saveSync`. */
  saveUpdateSync(
    path: NativePath,
    data: Uint8Array,
    flags: number,
    mode: number,
    uid: number,
    gid: number,
    previous: NativePath | undefined,
    update: number,
  ): NativeOutcome | null;
  endUpdate(ticket: number): Promise<0>;
  endUpdateSync(ticket: number): 0;
  cancel(ticket: number): void;
  /** Twice the descriptor, and one more where the file has no name; or what has to be decided first. */
  openTemporary(
    ...request: [...NativeRequest, insist: boolean]
  ): Promise<number | NativeFailure | NativeQuestion>;
  openTemporarySync(...request: [...NativeRequest, insist: boolean]): number | NativeFailure | NativeQuestion;
  /** The outcome, as of `save`. */
  publishTemporary(...request: [...NativeRequest, temporary: number]): Promise<number | NativeFailure>;
  publishTemporarySync(...request: [...NativeRequest, temporary: number]): number | NativeFailure | null;
  closeTemporary(ticket: number): Promise<NativeResult>;
  closeTemporarySync(ticket: number): NativeResult;
  /** `decision * 2 + namesSynced`, or what has to be decided first. */
  changeNames(...change: NativeNameChange): Promise<number | NativeFailure | NativeQuestion>;
  changeNamesSync(...change: NativeNameChange): number | NativeFailure | NativeQuestion;
  /** `decision * 4 + namesSynced * 2 + replaced`, or what has to be decided first. */
  replaceDirectory(
    ...replacement: NativeDirectoryReplacement
  ): Promise<number | NativeFailure | NativeQuestion>;
  replaceDirectorySync(...replacement: NativeDirectoryReplacement): number | NativeFailure | NativeQuestion;
  readonly nameChanges: Readonly<Record<'exchange' | 'renameExclusive' | 'replaceSymlink', number>>;
  /** 1: removed; 2: a living writer has the lock; 0: that cannot be told. */
  removeIfUnlocked(directory: NativePath, name: NativePath): Promise<NativeResult>;
  removeIfUnlockedSync(directory: NativePath, name: NativePath): NativeResult;
  /** Cancels what this thread has asked for and is not published, and waits until its temporaries are gone. */
  takeBack(): void;
  /** 1: removed; 0: something is mounted in it. */
  removeOldTree(directory: NativePath, name: NativePath): Promise<NativeResult>;
  removeOldTreeSync(directory: NativePath, name: NativePath): NativeResult;
  setDecider(decider: (questions: NativeQuestion[]) => void): void;
  takeUndecided(): NativeQuestion[];
  decide(
    major: number,
    minor: number,
    mountId: number,
    generation: number,
    learnsAfter: number,
    plans: readonly number[],
  ): void;
  readonly flags: Readonly<
    Record<
      | 'exclusive'
      | 'followSymlinks'
      | 'makeDirectories'
      | 'preservePermissions'
      | 'preserveAll'
      | 'strict'
      | 'hasMode'
      | 'hasOwner'
      | 'timed'
      | 'keepPrevious',
      number
    >
  >;
  /** The names of the stages, in their order (`native/stage_times.h`). */
  readonly stages: readonly Stage[];
  readonly planFlags: Readonly<
    Record<'syncData' | 'unnamed' | 'closeMayFail' | 'writeBack' | 'holdReplaced' | 'syncFilesystem', number>
  >;
}

/**
 * Loads the addon: what `node-gyp` has compiled here, or the prebuild for this system.
 *
 * In a bundle, the addon is that of the package `indelible` that is installed where the bundle runs.
 *
 * @throws whatever the loader throws where there is none, or where it does not fit this runtime.
 */
export function loadAddon(): Addon {
  const root = packageRoot();
  const require = createRequire(join(root, 'package.json'));
  const load = require('node-gyp-build') as (root: string) => Addon;
  try {
    return load(root);
  } catch (error) {
    // node-gyp-build knows a system with musl by the name of one distribution, and takes the others for glibc's.
    const musl = join(root, `prebuilds/linux-${process.arch}/indelible.musl.node`);
    if (process.platform !== 'linux' || !existsSync(musl)) throw error;
    try {
      return require(musl) as Addon;
    } catch {
      throw error;
    }
  }
}

/** Where this package is installed. */
function packageRoot(): string {
  // Absent where a bundler has made this a CommonJS file.
  const module: string | undefined = import.meta.url;
  const here = module === undefined ? process.argv[1] : fileURLToPath(module);
  if (here === undefined) throw new Error('It cannot be told where the addon is.');
  const root = join(dirname(here), '../..');
  if (isThisPackage(root)) return root;
  const installed = dirname(createRequire(here).resolve('indelible/package.json'));
  // The calls between the two change without notice.
  if (!isThisPackage(installed)) throw new Error(`${installed} is not version ${version}.`);
  return installed;
}

function isThisPackage(directory: string): boolean {
  try {
    const manifest: { name?: unknown; version?: unknown } = JSON.parse(
      readFileSync(join(directory, 'package.json'), 'utf8'),
    );
    return manifest.name === 'indelible' && manifest.version === version;
  } catch {
    return false;
  }
}
