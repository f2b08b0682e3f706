import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPermitted } from '../base/permission.js';
import { version } from '../base/version.js';
import type { SaveEntries } from './save-entries.js';
import type { Failure, NativePath, PlansNeeded, WIRE, WireDecision, WirePlan } from './wire.js';

/** 0, or the opened descriptor. */
type NativeResult = number | Failure;

/** The calls of `native/binding/system_calls.cc` that `indelible/primitives` exports. */
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

/** An open directory or file. The number is unique in the process, but valid only in its own thread. */
type NativeHandle = number;

interface NativeIdentity {
  major: number;
  minor: number;
  inode: bigint;
  mountId: number;
}

/** The calls of `native/binding/system_calls.cc`, with their arguments and results. */
export interface AddonCalls {
  openDirectory(path: NativePath): NativeIdentity & { handle: NativeHandle; path: Buffer; syncable: boolean };
  openDirectoryAt(
    directory: NativeHandle,
    name: NativePath,
    follow: boolean,
  ): NativeIdentity & { handle: NativeHandle; path: Buffer; syncable: boolean };
  /** From the directory itself up to the root. */
  ancestors(directory: NativeHandle): NativeIdentity[];
  /** Closes handles of any kind, those in use after their last use. A temporary loses its own name. */
  closeHandle(...handles: NativeHandle[]): 0;
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
  /**
   * The entries whose names begin with `prefix`, among the first `most`. `kind` is absent if the listing does
   * not tell it.
   */
  listDirectory(
    directory: NativeHandle,
    prefix: NativePath,
    most: number,
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
  makeDirectory(directory: NativeHandle, name: NativePath, mode: number): 0;
  removeDirectory(directory: NativeHandle, name: NativePath): 0;
  realPath(directory: NativeHandle): Buffer;
  mountPoints(): Buffer[];
  /** Whether its names are on stable storage, or may still be in the device's cache. */
  syncDirectoryAt(directory: NativeHandle): boolean;
  /** Syncs those names that are files. Fails for a mount point. */
  syncFiles(directory: NativeHandle, names: readonly NativePath[]): boolean;
  syncFilesystem(directory: NativeHandle): 0;
  /** Removes a file if no process has it open for writing. */
  removeUnlessOpen(directory: NativeHandle, name: NativePath): 'removed' | 'open' | 'unknown';
  /**
   * Opens a file and reads at most `readAhead` bytes. The handle remembers the file's version. `anyOwner`:
   * also the file of another user in a sticky directory that others may write. `asksServer`:
   * `ReadRequest.asksServer`.
   */
  openFile(
    directory: NativeHandle,
    name: NativePath,
    readAhead: number,
    anyOwner: boolean,
    asksServer: boolean,
  ): { handle: NativeHandle; size: number; content: Buffer };
  /** The next `size` bytes at most, and fewer only at the end of the file. `size`: as of `readAhead`. */
  readFile(file: NativeHandle, size: number): Buffer;
  /** `native/save/lock_file.h`. The handle takes the place of a directory in the calls for locks. */
  openLockFile(directory: NativeHandle, name: NativePath): ReturnType<AddonCalls['openDirectory']>;
  isLockFile(directory: NativeHandle, name: NativePath, lockFile: NativeHandle): boolean;
  /**
   * `native/save/ticket_lock.h`. `ticket` is absent if the search has not ended, if another process is drawing
   * a ticket right now, or if the range is full: then `low` is `end`.
   */
  drawLockTicket(
    directory: NativeHandle,
    low: bigint,
    high: bigint,
    end: bigint,
  ): { low: bigint; high: bigint; ticket?: bigint };
  /**
   * A ticket from `begin` on that is before this one; `undefined` if there is none. Polls for a short time if
   * there is one.
   */
  ticketAhead(directory: NativeHandle, begin: bigint, ticket: bigint): bigint | undefined;
  removeLock(directory: NativeHandle, offset: bigint): 0;
  /** @param local `Decision.local` of the filesystem. */
  createTemporary(
    directory: NativeHandle,
    unnamed: boolean,
    local: boolean,
  ): { handle: NativeHandle; fd: number; name?: Buffer };
  /**
   * Copies the next bytes of a file, from `offset` on. Returns how many; 0 at its end. At offset 0 that is the
   * whole file where the filesystem can share its blocks.
   */
  copyToTemporary(file: NativeHandle, temporary: NativeHandle, offset: number): number;
  /**
   * Finds the target of a save, and follows symbolic links. Directories that it makes count as unsynced until
   * a save syncs them.
   */
  locateTarget(
    path: NativePath,
    makeDirectories: boolean,
  ): { directory: ReturnType<AddonCalls['openDirectory']>; name: Buffer };
}

/** Each call in both forms. Invalid arguments throw in both. */
export type AddonCallForms = {
  [Call in keyof AddonCalls]: (
    ...args: Parameters<AddonCalls[Call]>
  ) => Promise<ReturnType<AddonCalls[Call]> | Failure>;
} & {
  [Call in keyof AddonCalls as `${Call}Sync`]: (
    ...args: Parameters<AddonCalls[Call]>
  ) => ReturnType<AddonCalls[Call]> | Failure;
};

/** The exports of `native/binding/module.cc`, which checks every argument and throws for an invalid one. */
export interface Addon extends SaveEntries, NativePrimitives, AddonCallForms {
  /**
   * The plan for the directory's filesystem. `choice` is an index of `WIRE.choices`. After `PlansNeeded`,
   * call it again.
   */
  findPlan(
    directory: NativeHandle,
    choice: number,
  ): (WirePlan & Pick<WireDecision, 'local' | 'syncfs'>) | PlansNeeded;
  /**
   * Twice the index in `WIRE.updateLocks` for the directory's filesystem, and 1 more if it is local. `undefined`:
   * no plan is known yet (`findPlan`).
   */
  findUpdateLock(directory: NativeHandle): number | undefined;
  /** Records this process in the names of all later temporaries (`src/fs/temporary-name.ts`). */
  setTemporaryOwner(owner: string): void;
  /** The optional calls that are missing, or forbidden, on this filesystem. `mountId`: 0 if it is not known. */
  unavailableCalls(
    major: number,
    minor: number,
    mountId: number,
  ): readonly (typeof WIRE.optionalCalls)[number][];
}

/**
 * Loads the addon: the build of `node-gyp` in this package, or the prebuild for this system.
 *
 * A bundle loads the addon of the package `indelible` that is installed where the bundle runs.
 *
 * @throws the loader's error if there is no addon, or if it does not fit this runtime.
 */
export function loadAddon(): Addon {
  const root = packageRoot();
  const require = createRequire(join(root, 'package.json'));
  const usual = usualPrebuild(root);
  if (usual !== undefined) {
    try {
      return require(usual) as Addon;
    } catch {
      // node-gyp-build says why, or finds another one.
    }
  }
  try {
    return requireLoader(require)(root);
  } catch (error) {
    // node-gyp-build detects musl only on one distribution, and assumes glibc on the others.
    const musl = join(root, `prebuilds/linux-${process.arch}/indelible.musl.node`);
    if (process.platform !== 'linux' || !existsSync(musl)) throw error;
    try {
      return require(musl) as Addon;
    } catch {
      throw error;
    }
  }
}

/**
 * The prebuild that node-gyp-build finds where nothing asks for another one. Its search would take a third of the
 * time of a program's first save.
 */
function usualPrebuild(root: string): string | undefined {
  const { INDELIBLE_PREBUILD, LIBC, PREBUILDS_ONLY = '' } = process.env;
  if (INDELIBLE_PREBUILD !== undefined || LIBC !== undefined) return undefined;
  if (PREBUILDS_ONLY === '' && existsSync(join(root, 'build'))) return undefined;
  const { platform, arch } = process;
  const libc = platform !== 'linux' ? '' : existsSync(MUSL_SIGN) ? '.musl' : '.glibc';
  const path = join(root, `prebuilds/${platform}-${arch}/indelible${libc}.node`);
  return existsSync(path) ? path : undefined;
}

/**
 * node-gyp-build tells musl by this file, and fails where Node's permission model hides it. With `LIBC` it does
 * not look.
 */
const MUSL_SIGN = '/etc/alpine-release';

function requireLoader(require: NodeJS.Require): (root: string) => Addon {
  if (process.env.LIBC !== undefined || isPermitted('fs.read', MUSL_SIGN)) return require('node-gyp-build');
  process.env.LIBC = 'glibc';
  try {
    return require('node-gyp-build');
  } finally {
    delete process.env.LIBC;
  }
}

/** The directory where this package is installed. */
function packageRoot(): string {
  const here = thisFile();
  if (here === undefined) throw new Error('The location of the addon is unknown.');
  // This file is dist/library.cjs, or a source two folders down.
  for (const up of ['..', '../..']) {
    const root = join(dirname(here), up);
    if (isThisPackage(root)) return root;
  }
  const installed = dirname(createRequire(here).resolve('indelible/package.json'));
  // The interface of the addon changes without notice between versions.
  if (!isThisPackage(installed)) throw new Error(`${installed} is not version ${version}.`);
  return installed;
}

/** The file that runs: dist/library.cjs, a source, or the bundle that a bundler has made of one of them. */
function thisFile(): string | undefined {
  // In dist/library.cjs this is `__filename`, which a bundle in ES format lacks.
  const file: string | undefined = import.meta.filename;
  if (file !== undefined) return file;
  const [, url] = /(file:\/\/[^\s)]+):\d+:\d+/.exec(new Error().stack ?? '') ?? [];
  return url === undefined ? process.argv[1] : fileURLToPath(url);
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
