import { failedWith } from '../../base/fs-error.js';
import { inDirectory, parentOf } from '../../base/path-bytes.js';
import { shared } from '../../base/shared-state.js';
import type { Steps } from '../steps.js';
import { Directory } from './directory.js';
import { mkdir, statExactly } from './plain-fs.js';
import { planFor } from './plan.js';

// Directories in which this thread has made other directories, until a sync covers the new entries. A save
// takes a directory that exists for an old one, and its file would be lost with the directory. So every
// durable save below such a directory syncs it as well, whatever became of the save that made the entries.

const MODE = 0o777;

/** About 10 MiB of memory. Beyond that, every directory counts as unsynced. */
const MAX_REMEMBERED = 65_536;

/** Makes the missing directories between `nearest` and `path`. */
export function* makeDirectories(nearest: Buffer, path: Buffer): Steps<void> {
  const missing: Buffer[] = [];
  for (let directory = path; !directory.equals(nearest); directory = parentOf(directory)) {
    missing.push(directory);
  }
  if (missing.length === 0) return;
  const inMemory = (yield* planFor(nearest, 'durable')).protocol === 'rename';
  for (const directory of missing.reverse()) {
    if (inMemory) yield* mkdirIfMissing(directory);
    else yield* makeRemembered(directory);
  }
}

/** Remembers the parent before the entry exists: whoever finds the entry also finds the parent. */
function* makeRemembered(directory: Buffer): Steps<void> {
  const key = keyOf(yield* statExactly(parentOf(directory)));
  const { unsyncedDirectories: states } = shared;
  const state = states.get(key) ?? { makers: 0, change: 0 };
  if (states.has(key) || states.size < MAX_REMEMBERED) states.set(key, state);
  else shared.unsyncedOverflowed = true;
  state.makers += 1;
  state.change = nextChange();
  try {
    yield* mkdirIfMissing(directory);
  } finally {
    state.makers -= 1;
    state.change = nextChange();
  }
}

/** Unique: a directory that was forgotten and is remembered again is in another state. */
function nextChange(): number {
  shared.lastId += 1;
  return shared.lastId;
}

/** Another program may create the path first. If that is not a directory, opening it fails later. */
function* mkdirIfMissing(directory: Buffer): Steps<void> {
  try {
    yield* mkdir(directory, MODE);
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error;
  }
}

/**
 * Syncs the unsynced directories above a directory, up to the root of its filesystem.
 *
 * @returns `false` if they cannot all be found or synced.
 */
export function* syncUnsyncedAbove(directory: Buffer): Steps<boolean> {
  const { unsyncedDirectories: states } = shared;
  if (states.size === 0 && !shared.unsyncedOverflowed) return true;
  let synced = true;
  try {
    let below = yield* statExactly(directory);
    for (let path = directory; ; ) {
      const above = yield* statExactly(inDirectory(path, '..'));
      // The root is its own parent.
      if (above.ino === below.ino || above.dev !== below.dev) return synced;
      // Behind a symbolic link, the parent is not the one that the path names.
      const named = yield* statExactly(parentOf(path));
      path = named.ino === above.ino && named.dev === above.dev ? parentOf(path) : inDirectory(path, '..');
      const key = keyOf(above);
      const change = states.get(key)?.change;
      if (change !== undefined || shared.unsyncedOverflowed) {
        if (!(yield* syncNamesIn(path))) synced = false;
        else forgetSynced(key, change);
      }
      below = above;
    }
  } catch (error) {
    // A directory on the way up may not be entered or looked at, or the path is too long.
    if (failedWith(error, 'EACCES', 'ENAMETOOLONG', 'ERR_ACCESS_DENIED')) return false;
    throw error;
  }
}

function* syncNamesIn(path: Buffer): Steps<boolean> {
  const directory = yield* Directory.open(path);
  try {
    return yield* directory.sync();
  } finally {
    yield* directory.close();
  }
}

/** A sync covers only what was made before it began. */
function forgetSynced(key: string, change: number | undefined): void {
  const state = shared.unsyncedDirectories.get(key);
  if (state?.makers === 0 && state.change === change) shared.unsyncedDirectories.delete(key);
}

function keyOf({ dev, ino }: { dev: bigint; ino: bigint }): string {
  return `${dev}:${ino}`;
}
