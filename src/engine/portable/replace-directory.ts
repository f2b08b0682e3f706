import type { Stats } from 'node:fs';
import { thisMachine } from '../../filesystem/machine.js';
import { readMounts } from '../../filesystem/mounts.js';
import { close, fdatasync, lstat, readdir, realpath, rename, stat } from '../../fs/plain-fs.js';
import type { Steps } from '../../fs/steps.js';
import type { Durability } from '../../options.js';
import type { AbsolutePath } from '../../path.js';
import { mountPointInside, notADirectory, unsupportedDirectoryReplacement } from '../directory-errors.js';
import type { DirectoryReplaced, DirectoryReplacementRequest } from '../engine.js';
import { namesNotDurable } from '../name-change-errors.js';
import { commitLog } from './commit-log.js';
import { Directory } from './directory.js';
import { failedWith, failure, refusal } from './failure.js';
import { whileInUse } from './in-use.js';
import { openToSync } from './open-standing.js';
import { bytesOfPath, inDirectory, parentOf, withoutTrailingSeparators } from './path-bytes.js';
import { isWeaker, planFor } from './plan.js';

/**
 * What plain `fs` can do of it in one step: rename(2) puts a directory where nothing stands, or an empty directory, and
 * fails anywhere else. On Windows it replaces no directory.
 */
export function* replaceDirectory(request: DirectoryReplacementRequest): Steps<DirectoryReplaced> {
  const outcome = { published: false };
  try {
    yield* refuseMountsBelow(request);
    return yield* replace(request, outcome);
  } catch (error) {
    throw failure(error, { path: request.path, published: outcome.published });
  }
}

function* replace(
  request: DirectoryReplacementRequest,
  outcome: { published: boolean },
): Steps<DirectoryReplaced> {
  const staged = withoutTrailingSeparators(bytesOfPath(request.staged));
  const path = withoutTrailingSeparators(bytesOfPath(request.path));
  const from = yield* openFor(request.staged, staged);
  try {
    const to = yield* openFor(request.path, path);
    try {
      const plan = yield* planFor(to.path, request.durability);
      const { protocol, achieves, replaced: old } = plan;
      // Where nothing orders a filesystem's writes, the tree is not certain to be found.
      const unordered = old === 'held';
      if (unordered && request.strict) throw namesNotDurable(request.path);
      const possible = achieves === 'durable' && !(from.readable && to.readable) ? 'ordered' : achieves;
      if (request.strict && isWeaker(possible, request.durability)) throw namesNotDurable(request.path);
      const replaced = yield* check(request, staged, path, from, to);
      const synced = protocol === 'rename' || (yield* syncTree(staged));
      if (!synced && request.strict) throw namesNotDurable(request.path);
      yield* whileInUse(() => rename(staged, path));
      outcome.published = true;
      const durability = yield* syncNames(possible, from, to);
      if (durability === 'durable' && plan.syncsFileAgain) yield* commitLog(to);
      return { replaced, durability: unordered || !synced ? 'none' : durability };
    } catch (error) {
      // Somebody has put something there since it was looked at.
      if (!failedWith(error, 'ENOTEMPTY', 'EEXIST')) throw error;
      throw unsupportedDirectoryReplacement(request.staged, request.path, 'The portable engine');
    } finally {
      yield* to.close();
    }
  } finally {
    yield* from.close();
  }
}

/** A filesystem mounted somewhere in the new tree would not be made durable with it. What cannot be seen is not refused. */
function* refuseMountsBelow({ staged, path }: DirectoryReplacementRequest): Steps<void> {
  const mounts = readMounts(thisMachine) ?? [];
  for (const directory of [staged, path]) {
    const real = yield* realPathOf(bytesOfPath(directory));
    const below = mounts.find(({ point }) => real !== undefined && point.startsWith(`${real}/`));
    if (below !== undefined) throw mountPointInside(below.point);
  }
}

function* realPathOf(path: Buffer): Steps<string | undefined> {
  try {
    return yield* realpath(path);
  } catch {
    return undefined;
  }
}

function* openFor(asked: AbsolutePath, path: Buffer): Steps<Directory> {
  try {
    return yield* Directory.open(parentOf(path));
  } catch (error) {
    throw failure(error, { path: asked });
  }
}

/** @returns whether a directory stands under the path, which is then empty. */
function* check(
  request: DirectoryReplacementRequest,
  staged: Buffer,
  path: Buffer,
  from: Directory,
  to: Directory,
): Steps<boolean> {
  const [one, other] = [yield* stat(from.path), yield* stat(to.path)];
  if (one.dev !== other.dev) throw refusal('EXDEV', 'rename', request.staged, request.path);
  const prepared = yield* lstatIfThere(staged);
  if (prepared === undefined) throw refusal('ENOENT', 'open', request.staged);
  if (!prepared.isDirectory()) throw notADirectory(request.staged);
  const standing = yield* lstatIfThere(path);
  if (standing === undefined) return false;
  if (!standing.isDirectory()) throw notADirectory(request.path);
  const isSame = standing.ino === prepared.ino && standing.dev === prepared.dev;
  if (isSame) throw refusal('EINVAL', 'rename', request.staged, request.path);
  const canReplace = process.platform !== 'win32' && request.keepPrevious === undefined;
  if (!canReplace || (yield* readdir(path)).length > 0) {
    throw unsupportedDirectoryReplacement(request.staged, request.path, 'The portable engine');
  }
  return true;
}

/**
 * Plain `fs` has no `syncfs`: every file and every directory by itself.
 *
 * @returns whether all of it could be.
 */
function* syncTree(directory: Buffer): Steps<boolean> {
  let synced = true;
  for (const name of yield* readdir(directory)) {
    const path = inDirectory(directory, name);
    const stats = yield* lstat(path);
    if (stats.isDirectory()) synced = (yield* syncTree(path)) && synced;
    else if (stats.isFile()) synced = (yield* syncFile(path)) && synced;
  }
  const opened = yield* Directory.open(directory);
  try {
    yield* opened.sync();
  } finally {
    yield* opened.close();
  }
  return synced;
}

/** @returns false where it cannot be synced because it is read-only, which is so on Windows alone. */
function* syncFile(path: Buffer): Steps<boolean> {
  let descriptor: number;
  try {
    descriptor = yield* openToSync(path);
  } catch (error) {
    if (process.platform === 'win32' && failedWith(error, 'EPERM', 'EACCES')) return false;
    throw failure(error, { path });
  }
  try {
    yield* fdatasync(descriptor);
  } catch (error) {
    throw failure(error, { path });
  } finally {
    yield* close(descriptor);
  }
  return true;
}

/** The new name first: after a crash between the two there may be both, never neither. */
function* syncNames(possible: Durability, from: Directory, to: Directory): Steps<Durability> {
  if (possible !== 'durable') return possible;
  if (!(yield* to.sync())) return 'ordered';
  if (from.path.equals(to.path)) return 'durable';
  return (yield* from.sync()) ? 'durable' : 'ordered';
}

function* lstatIfThere(path: Buffer): Steps<Stats | undefined> {
  try {
    return yield* lstat(path);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
}
