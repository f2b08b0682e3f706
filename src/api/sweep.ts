import * as fs from 'node:fs';
import { failedWith } from '../base/fs-error.js';
import { absolutePath, type PathLike } from '../base/path.js';
import { bytesOfPath, inDirectory } from '../base/path-bytes.js';
import { selectEngine } from '../engine/select.js';
import type { FileSystemCalls, OpenDirectory } from '../fs/file-system-calls.js';
import { run, runSync, type Steps, step } from '../fs/steps.js';
import { parseTemporaryName } from '../fs/temporary-name.js';
import { isOwnerDead } from '../fs/temporary-owner.js';
import { removeTree } from '../names/directory-tree.js';
import { withPaths } from '../names/errors.js';

/** `.indelible-` and 80 random bits in base 32 (native/save/temporary_name.cc). */
const NATIVE_TEMPORARY = /^\.indelible-[a-z2-7]{16}$/;

const NOT_REMOVABLE = ['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EBUSY'] as const;

/** An old tree that a `replaceDirectory` was removing (`src/names/replace-directory.ts`). */
const TRASH_TREE = /^\.indelible-tree-[a-z2-7]{16}$/;

/**
 * Removes the temporaries in a directory whose writers no longer run. It never removes a temporary of a
 * running writer: in this process or another, in this container or another one that shares the directory.
 *
 * The native engine also removes old trees that `replaceDirectory` has left in the trash.
 *
 * A temporary of the native engine is locked by its writer. The lock ends with the writer, however the writer
 * ends. The name of a temporary of the portable engine, or of a symbolic link, identifies the process that
 * made it. It is only removed if that process can be checked: on the same boot of the same machine, in the
 * same pid namespace; on macOS and Windows, on the same machine while no process has that process id. A
 * temporary stays if its writer cannot be checked, because the filesystem has no locks or the addon is not
 * loaded, or if it may not be removed.
 *
 * @returns the names of the removed entries, sorted.
 * @throws {NodeJS.ErrnoException} if the directory cannot be read.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for a wrong path.
 */
export async function sweep(directory: PathLike): Promise<string[]> {
  return run(removeLeftovers(bytesOfPath(absolutePath(directory, 'directory'))));
}

/** The same on the calling thread. */
export function sweepSync(directory: PathLike): string[] {
  return runSync(removeLeftovers(bytesOfPath(absolutePath(directory, 'directory'))));
}

function* removeLeftovers(path: Buffer): Steps<string[]> {
  const { calls } = selectEngine();
  const removed: string[] = [];
  const names = (yield* readNames(path)).filter(isLeftoverName).sort();
  if (names.length === 0) return removed;
  const directory = yield* withPaths(calls.openDirectory(path), path);
  try {
    for (const name of names) {
      if (yield* falseIfNotRemovable(removeLeftover(calls, directory, name))) removed.push(name);
    }
  } finally {
    yield* calls.close(directory);
  }
  return removed;
}

function isLeftoverName(name: string): boolean {
  return TRASH_TREE.test(name) || NATIVE_TEMPORARY.test(name) || parseTemporaryName(name) !== undefined;
}

/** @returns whether it was removed. */
function removeLeftover(calls: FileSystemCalls, directory: OpenDirectory, name: string): Steps<boolean> {
  if (TRASH_TREE.test(name)) return removeTrashTree(calls, directory, Buffer.from(name));
  if (NATIVE_TEMPORARY.test(name)) return removeIfUnlocked(calls, directory, Buffer.from(name));
  return removeIfOwnerDead(calls, directory, name);
}

function readNames(directory: Buffer): Steps<string[]> {
  return step(
    () => fs.readdirSync(directory),
    () => fs.promises.readdir(directory),
  );
}

function* removeIfUnlocked(calls: FileSystemCalls, directory: OpenDirectory, name: Buffer): Steps<boolean> {
  if (calls.removeIfUnlocked === undefined) return false;
  const path = inDirectory(directory.path, name);
  return (yield* withPaths(calls.removeIfUnlocked(directory, name), path)) === 'removed';
}

/** The tree is in the trash. Another process may remove it at the same time. */
function* removeTrashTree(calls: FileSystemCalls, directory: OpenDirectory, name: Buffer): Steps<boolean> {
  // Only the native engine leaves such trees: the portable engine does not exchange directories.
  if (calls.exchange === undefined) return false;
  const path = inDirectory(directory.path, name);
  if ((yield* withPaths(calls.lookUp(directory, name), path)).kind !== 'directory') return false;
  yield* removeTree(calls, directory, name);
  return true;
}

function* removeIfOwnerDead(calls: FileSystemCalls, directory: OpenDirectory, name: string): Steps<boolean> {
  const owner = parseTemporaryName(name);
  if (owner === undefined || !isOwnerDead(owner)) return false;
  const bytes = Buffer.from(name);
  const path = inDirectory(directory.path, bytes);
  const { kind } = yield* withPaths(calls.lookUp(directory, bytes), path);
  if (kind !== 'file' && kind !== 'symlink') return false;
  yield* withPaths(calls.unlink(directory, bytes), path);
  return true;
}

function* falseIfNotRemovable(steps: Steps<boolean>): Steps<boolean> {
  try {
    return yield* steps;
  } catch (error) {
    // Another process has removed it or has it open, the process lacks the permission, or it contains a mount
    // point.
    if (failedWith(error, ...NOT_REMOVABLE)) return false;
    throw error;
  }
}
