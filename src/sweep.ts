import * as fs from 'node:fs';
import type { NativeFailure } from './engine/addon.js';
import { bytesOfPath, inDirectory } from './engine/portable/path-bytes.js';
import { parseTemporaryName } from './engine/portable/temporary-name.js';
import { isWriterDead } from './engine/portable/temporary-writer.js';
import { selectEngine } from './engine/select.js';
import { systemError } from './errors.js';
import { lstat, unlink } from './fs/plain-fs.js';
import { run, runSync, type Steps, step } from './fs/steps.js';
import { absolutePath, type PathLike } from './path.js';

/** `.indelible-` and 80 random bits in base 32 (native/temporary_name.cc). */
const NATIVE_TEMPORARY = /^\.indelible-[a-z2-7]{16}$/;

const STAYING: ReadonlySet<unknown> = new Set(['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EBUSY']);
/** An old tree that a `replaceDirectory` was removing (native/directory_replacement.cc, kDoomed). */
const OLD_TREE = /^\.indelible-tree-[a-z2-7]{16}$/;

/** What the addon answers for a temporary that it has removed; other numbers are reasons to leave it. */
const REMOVED = 1;

/**
 * Removes the temporaries that dead writers have left in a directory, and never one of a writer that lives: in this
 * process or another, in this container or one that shares the directory.
 *
 * What `replaceDirectory` has left of an old tree is removed as well, by the native engine.
 *
 * A temporary of the native engine is its writer's as long as a lock on it is held, which ends with the writer
 * however it ends. One of the portable engine, or a symbolic link, says in its name which process made it, and is only
 * removed where that process can be looked for: on the same boot of the same machine, in the same pid namespace; on macOS
 * and Windows, on the same machine while no process has its number. What cannot be told, because the filesystem has no
 * locks or the addon is not loaded, and what may not be removed, stays.
 *
 * @returns the names of the files removed, in order.
 * @throws {NodeJS.ErrnoException} if the directory cannot be read.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for a wrong path.
 */
export async function sweep(directory: PathLike): Promise<string[]> {
  return run(removeDead(bytesOfPath(absolutePath(directory, 'directory'))));
}

/** The same on the calling thread. */
export function sweepSync(directory: PathLike): string[] {
  return runSync(removeDead(bytesOfPath(absolutePath(directory, 'directory'))));
}

function* removeDead(directory: Buffer): Steps<string[]> {
  const removed: string[] = [];
  for (const name of (yield* readNames(directory)).sort()) {
    if (yield* removalOf(name)(directory, name)) removed.push(name);
  }
  return removed;
}

type Removal = (directory: Buffer, name: string) => Steps<boolean>;

function removalOf(name: string): Removal {
  if (OLD_TREE.test(name)) return removeOldTree;
  return NATIVE_TEMPORARY.test(name) ? removeIfUnlocked : removeIfWriterDead;
}

function readNames(directory: Buffer): Steps<string[]> {
  return step(
    () => fs.readdirSync(directory),
    () => fs.promises.readdir(directory),
  );
}

function* removeIfUnlocked(directory: Buffer, name: string): Steps<boolean> {
  const { addon } = selectEngine();
  if (addon === undefined) return false;
  const outcome = yield* step(
    () => addon.removeTemporaryIfUnlockedSync(directory, name),
    () => addon.removeTemporaryIfUnlocked(directory, name),
  );
  return wasRemoved(outcome, inDirectory(directory, name));
}

function* removeOldTree(directory: Buffer, name: string): Steps<boolean> {
  const { addon } = selectEngine();
  const path = inDirectory(directory, name);
  if (addon === undefined || !(yield* isDirectory(path))) return false;
  const outcome = yield* step(
    () => addon.removeOldTreeSync(directory, name),
    () => addon.removeOldTree(directory, name),
  );
  return wasRemoved(outcome, path);
}

function* isDirectory(path: Buffer): Steps<boolean> {
  try {
    return (yield* lstat(path)).isDirectory();
  } catch (error) {
    if (mayStay(error)) return false;
    throw error;
  }
}

function wasRemoved(outcome: number | NativeFailure, path: Buffer): boolean {
  if (typeof outcome === 'number') return outcome === REMOVED;
  const error = systemError({ ...outcome, path: outcome.path ?? path });
  if (mayStay(error)) return false;
  throw error;
}

function* removeIfWriterDead(directory: Buffer, name: string): Steps<boolean> {
  const owner = parseTemporaryName(name);
  if (owner === undefined || !isWriterDead(owner)) return false;
  const path = inDirectory(directory, name);
  try {
    const stats = yield* lstat(path);
    if (!stats.isFile() && !stats.isSymbolicLink()) return false;
    yield* unlink(path);
    return true;
  } catch (error) {
    if (mayStay(error)) return false;
    throw error;
  }
}

/** Somebody else has removed it, or has it open, or only somebody else may. */
function mayStay(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code !== undefined && STAYING.has(code);
}
