import fs from 'node:fs';
import { now } from '../base/clock.js';
import { failedWith, toSaveError } from '../base/fs-error.js';
import type { PathLike } from '../base/path.js';
import { bytesOfPath, inDirectory } from '../base/path-bytes.js';
import { writablePath } from '../base/permission.js';
import { selectEngine } from '../engine/select.js';
import type { Entry, FileSystemCalls, OpenDirectory } from '../fs/file-system-calls.js';
import { run, runSync, type Steps, step } from '../fs/steps.js';
import { type ParsedName, parseTemporaryName } from '../fs/temporary-name.js';
import { stateOf } from '../fs/temporary-owner.js';
import { withPaths } from '../names/errors.js';
import { isTrashName, removeTrash } from '../names/trash.js';

/**
 * Another process has removed the entry, has a lease on it or has replaced it by something else, the process
 * lacks the permission, or the entry is or contains a mount point.
 */
const NOT_REMOVABLE = [
  ...(['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EAGAIN', 'ELOOP', 'ENXIO'] as const),
  ...(['ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST'] as const),
];

/** S_ISVTX (inode(7)). */
const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

/** What a sweep may remove. */
interface Limits {
  /** Only the entries of this user. */
  readonly user?: number | undefined;
  /** A time of `now()`. Later nothing is removed. */
  readonly until?: number;
}

/** The directory that is swept. */
interface Swept extends Pick<Limits, 'user'> {
  readonly directory: OpenDirectory;
  readonly entry: Entry;
  /** `Decision.local`. */
  readonly local: boolean;
}

/**
 * Removes what killed processes have left in a directory: temporaries, and old trees that `replaceDirectory`
 * was removing. Subdirectories are not searched, and no symbolic link is followed.
 *
 * It removes only what this library has made, and only if the process that made it is certainly gone. The
 * name of a temporary records that process: its id and start time, its boot, and its namespaces. The process
 * is gone:
 *
 * - if it belongs to the boot and the namespaces of this process and does not run any more;
 * - if it belongs to another boot, and wrote to a filesystem of a disk or in memory, as this one is: no other
 *   machine writes there;
 * - with the native engine, if it belongs to another container, wrote to such a filesystem, and no process of
 *   this machine has the file open for writing.
 *
 * Everything else stays: temporaries that other machines or other containers have written through a network,
 * FUSE or overlay filesystem, entries of other types, files of other users in a sticky directory that others
 * may write (except those of the directory's owner), and what may not be removed.
 *
 * @returns the names of the removed entries, sorted.
 * @throws {SaveError} if the directory cannot be read; the first unexpected error of an entry,
 *   after all others were handled.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for a wrong path.
 * @category sweep
 */
export async function sweep(directory: PathLike): Promise<string[]> {
  return run(removeLeftovers(bytesOfPath(writablePath(directory, 'directory'))));
}

/**
 * The same on the calling thread.
 *
 * @category sweep
 */
export function sweepSync(directory: PathLike): string[] {
  return runSync(removeLeftovers(bytesOfPath(writablePath(directory, 'directory'))));
}

function* removeLeftovers(path: Buffer): Steps<string[]> {
  try {
    return yield* removeLeftoversIn(path);
  } catch (error) {
    throw toSaveError(error, { path });
  }
}

function* removeLeftoversIn(path: Buffer): Steps<string[]> {
  const { calls } = selectEngine();
  const names = (yield* readNames(path)).filter(isLeftoverName).sort();
  // Also without a name: it refuses the links that a save would not follow.
  const directory = yield* withPaths(calls.openDirectory(path), path);
  try {
    return yield* removeNamed(calls, directory, names);
  } finally {
    yield* calls.close(directory);
  }
}

/**
 * Removes what killed processes have left in an open directory, by the same rules.
 *
 * @param names of temporaries.
 */
export async function removeTemporaries(
  directory: OpenDirectory,
  names: readonly string[],
  limits: Required<Limits>,
): Promise<void> {
  await run(removeNamed(selectEngine().calls, directory, names, limits));
}

/** @returns the names of the removed entries. */
function* removeNamed(
  calls: FileSystemCalls,
  directory: OpenDirectory,
  names: readonly string[],
  { user, until = Number.POSITIVE_INFINITY }: Limits = {},
): Steps<string[]> {
  const removed: string[] = [];
  const failures: unknown[] = [];
  const entry = yield* withPaths(calls.lookUp(directory, Buffer.from('.')), directory.path);
  const { local } = yield* calls.planFor(directory, 'none');
  for (const name of names) {
    if (now() > until) break;
    try {
      if (yield* removeLeftover(calls, { directory, entry, local, user }, name)) removed.push(name);
    } catch (error) {
      // One entry does not protect the others.
      if (!failedWith(error, ...NOT_REMOVABLE)) failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return removed;
}

function isLeftoverName(name: string): boolean {
  return isTrashName(name) || parseTemporaryName(name) !== undefined;
}

function readNames(directory: Buffer): Steps<string[]> {
  return step(
    () => fs.readdirSync(directory),
    () => fs.promises.readdir(directory),
  );
}

/** @returns whether it was removed. */
function* removeLeftover(calls: FileSystemCalls, swept: Swept, name: string): Steps<boolean> {
  const { directory } = swept;
  const bytes = Buffer.from(name);
  const parsed = parseTemporaryName(name);
  if (parsed === undefined) return yield* removeTrash(calls, directory, bytes);
  const doom = doomOf(parsed, swept);
  if (doom === 'stays') return false;
  const path = inDirectory(directory.path, bytes);
  const found = yield* withPaths(calls.lookUp(directory, bytes), path);
  if ((found.kind !== 'file' && found.kind !== 'symlink') || found.mountPoint) return false;
  if (isForeign(found, swept.entry) || (swept.user !== undefined && found.uid !== swept.user)) return false;
  if (doom === 'goes') {
    yield* withPaths(calls.unlink(directory, bytes), path);
    return true;
  }
  if (calls.removeUnlessOpen === undefined || found.kind !== 'file') return false;
  return (yield* withPaths(calls.removeUnlessOpen(directory, bytes), path)) === 'removed';
}

/** Whether the maker of a temporary is gone. `'unless open'`: it is, if no process has the file open. */
function doomOf({ kind, owner }: ParsedName, { local }: Swept): 'goes' | 'stays' | 'unless open' {
  const state = stateOf(owner);
  if (state === 'alive') return 'stays';
  if (state === 'dead') return 'goes';
  if (!local || kind === 'any') return 'stays';
  if (state === 'elsewhere') return 'goes';
  return kind === 'open' ? 'unless open' : 'stays';
}

/**
 * Whether an entry of a sticky directory that others may write belongs to neither this process's user nor the
 * directory's owner. Elsewhere, whoever could put an entry there could remove it as well.
 */
function isForeign(entry: Entry, directory: Entry): boolean {
  if ((directory.mode & STICKY) === 0 || (directory.mode & WRITABLE_BY_OTHERS) === 0) return false;
  return entry.uid !== process.geteuid?.() && entry.uid !== directory.uid;
}
