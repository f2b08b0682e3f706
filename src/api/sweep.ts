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
 * Removes the temporaries that dead writers have left in a directory, and never one of a writer that lives:
 * in this process or another, in this container or one that shares the directory.
 *
 * What `replaceDirectory` has left of an old tree is removed as well, by the native engine.
 *
 * A temporary of the native engine is its writer's as long as a lock on it is held, which ends with the
 * writer however it ends. One of the portable engine, or a symbolic link, says in its name which process made
 * it, and is only removed where that process can be looked for: on the same boot of the same machine, in the
 * same pid namespace; on macOS and Windows, on the same machine while no process has its number. What cannot
 * be told, because the filesystem has no locks or the addon is not loaded, and what may not be removed,
 * stays.
 *
 * @returns the names of the files removed, in order.
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
  return removeIfWriterDead(calls, directory, name);
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

/** It was to be removed anyway, and a program that is removing it at the same time does not mind. */
function* removeTrashTree(calls: FileSystemCalls, directory: OpenDirectory, name: Buffer): Steps<boolean> {
  // Such trees are left by the native engine alone: the other exchanges no directories.
  if (calls.exchange === undefined) return false;
  const path = inDirectory(directory.path, name);
  if ((yield* withPaths(calls.lookUp(directory, name), path)).kind !== 'directory') return false;
  yield* removeTree(calls, directory, name);
  return true;
}

function* removeIfWriterDead(calls: FileSystemCalls, directory: OpenDirectory, name: string): Steps<boolean> {
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
    // Somebody else has removed it, or has it open, or only somebody else may; or something is mounted in it.
    if (failedWith(error, ...NOT_REMOVABLE)) return false;
    throw error;
  }
}
