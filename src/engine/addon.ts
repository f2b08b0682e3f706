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

/** The arguments of `readForUpdate` (`native/update_binding.cc`). */
export type NativeRead = [ticket: number, path: NativePath, makeDirectories: boolean, mustLock: boolean];

/** How long a save was in each stage, in nanoseconds, by the stage's place in `Addon.stages`. */
export type NativeStages = readonly number[];

/** What a save answers with: `bytes * 32 + protocol * 8 + durability * 2 + replaced`, or why it failed; with the flag `timed` also its stages. */
export type NativeOutcome =
  | number
  | NativeFailure
  | { outcome: number | NativeFailure; stages: NativeStages };
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

/** Of an open directory or file. The number is the process's, and of no use in another thread. */
type NativeHandle = number;

interface NativeIdentity {
  major: number;
  minor: number;
  inode: bigint;
  mountId: number;
}

/** The calls of `native/binding/system_calls.cc`, by their arguments and answers. */
export interface NativeCalls {
  openDirectory(path: NativePath): NativeIdentity & { handle: NativeHandle; path: Buffer; syncable: boolean };
  openDirectoryAt(
    directory: NativeHandle,
    name: NativePath,
    follow: boolean,
  ): NativeIdentity & { handle: NativeHandle; path: Buffer; syncable: boolean };
  /** Itself first, the root last. */
  ancestors(directory: NativeHandle): NativeIdentity[];
  /** Of any kind. What is in use is closed when it is no more; a temporary loses its own name. */
  closeHandle(handle: NativeHandle): 0;
  lookUp(
    directory: NativeHandle,
    name: NativePath,
  ): NativeIdentity & {
    kind: 'missing' | 'file' | 'directory' | 'symlink' | 'other';
    mode: number;
    uid: number;
    gid: number;
    links: number;
    mountPoint: boolean;
  };
  /** Without a kind where the listing does not tell. */
  listDirectory(
    directory: NativeHandle,
  ): { name: Buffer; kind?: 'file' | 'directory' | 'symlink' | 'other' }[];
  exchange(oneDirectory: NativeHandle, one: NativePath, otherDirectory: NativeHandle, other: NativePath): 0;
  rename(fromDirectory: NativeHandle, from: NativePath, toDirectory: NativeHandle, to: NativePath): 0;
  renameExclusive(
    fromDirectory: NativeHandle,
    from: NativePath,
    toDirectory: NativeHandle,
    to: NativePath,
  ): 0;
  link(fromDirectory: NativeHandle, from: NativePath, toDirectory: NativeHandle, to: NativePath): 0;
  symlink(text: NativePath, directory: NativeHandle, name: NativePath): 0;
  unlink(directory: NativeHandle, name: NativePath): 0;
  unlinkAll(directory: NativeHandle, names: readonly NativePath[]): 0;
  removeDirectory(directory: NativeHandle, name: NativePath): 0;
  readLink(directory: NativeHandle, name: NativePath): Buffer;
  realPath(directory: NativeHandle): Buffer;
  mountPoints(): Buffer[];
  /** Whether its names are on stable storage, or only with the device. */
  syncDirectoryAt(directory: NativeHandle): boolean;
  /** Of those names that are files; a mount point fails. */
  syncFiles(directory: NativeHandle, names: readonly NativePath[]): 0;
  syncFilesystem(directory: NativeHandle): 0;
  removeIfUnlocked(directory: NativeHandle, name: NativePath): 'removed' | 'locked' | 'unknown';
  /** To read it. The handle keeps the version that it was. */
  openFile(directory: NativeHandle, name: NativePath): { handle: NativeHandle; size: number };
  /** Fills the bytes from the offset on; how many came, fewer than there is room for at the file's end. */
  readFile(file: NativeHandle, bytes: Uint8Array, offset: number): number;
  /**
   * A lock on the byte behind the highest one that is locked in the range. `undefined` where another process is just drawing
   * one, or the range is full.
   */
  drawLockTicket(directory: NativeHandle, begin: bigint, end: bigint): bigint | undefined;
  /** Any one of the bytes from `begin` to before `end` that others have locked. */
  findLock(directory: NativeHandle, begin: bigint, end: bigint): bigint | undefined;
  removeLock(directory: NativeHandle, offset: bigint): 0;
  /** Locked for sweepers until it is closed. */
  createTemporary(
    directory: NativeHandle,
    mode: number,
    unnamed: boolean,
  ): { handle: NativeHandle; fd: number; name?: Buffer };
}

/** Each call in its two forms. Wrong arguments throw in both. */
export type NativeCallForms = {
  [Call in keyof NativeCalls]: (
    ...args: Parameters<NativeCalls[Call]>
  ) => Promise<ReturnType<NativeCalls[Call]> | NativeFailure>;
} & {
  [Call in keyof NativeCalls as `${Call}Sync`]: (
    ...args: Parameters<NativeCalls[Call]>
  ) => ReturnType<NativeCalls[Call]> | NativeFailure;
};

/** What `native/binding.cc` exports. It checks nothing: every argument has been checked before. */
export interface Addon extends NativePrimitives, NativeCallForms {
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
  /** The number of the decision about its filesystem, or what has to be decided first. */
  findPlan(directory: NativeHandle): number | NativeQuestion;
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
  /** Cancels what this thread has asked for and is not published, and waits until its temporaries are gone. */
  takeBack(): void;
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
