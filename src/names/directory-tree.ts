import { failedWith, mountPointError, refusal } from '../base/fs-error.js';
import { inDirectory, nameOf } from '../base/path-bytes.js';
import type { FileSystemCalls, Listed, OpenDirectory } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { isSame } from './entry-path.js';
import { withPaths } from './errors.js';

// Whole trees of directories and files. Symbolic links are never followed, and no other mount is entered: one inside is an
// error.

/** How often a directory may be found with new entries after it was emptied. */
const MOST_ROUNDS = 10;

/** So many names are handled by one call, on one thread. */
const BATCH = 256;

/** So many levels are held open; those above them are opened again on the way back. */
const MOST_OPEN = 32;

/** What is done with a tree, from its leaves up. */
interface Visitor {
  /** Of what is not a directory. */
  files(directory: OpenDirectory, names: readonly Buffer[]): Steps<void>;
  /** All that is in the directory has been visited. It is to be closed. */
  directory(parent: OpenDirectory, name: Buffer, directory: OpenDirectory): Steps<void>;
}

/** A directory that was entered, and what is in it and has not been visited. */
interface Level {
  readonly name: Buffer;
  directory: OpenDirectory;
  isOpen: boolean;
  readonly directories: Buffer[];
}

/**
 * Makes every file and every directory of a tree durable, each by a sync of its own.
 *
 * @returns whether all of it could be (`FileSystemCalls.syncFiles`).
 */
export function* syncTree(calls: FileSystemCalls, parent: OpenDirectory, name: Buffer): Steps<boolean> {
  let synced = true;
  yield* walk(calls, parent, name, {
    *files(directory, names) {
      if (!(yield* calls.syncFiles(directory, names))) synced = false;
    },
    *directory(above, itsName, directory) {
      try {
        // Some FUSE and network filesystems cannot sync a directory: it is as durable as they make it.
        yield* withPaths(calls.syncDirectory(directory), inDirectory(above.path, itsName));
      } finally {
        yield* calls.close(directory);
      }
    },
  });
  return synced;
}

/** Removes a directory with everything in it, or whatever else stands under the name. Others may remove it at the same time. */
export function* removeTree(calls: FileSystemCalls, parent: OpenDirectory, name: Buffer): Steps<void> {
  const { kind } = yield* withPaths(calls.lookUp(parent, name), inDirectory(parent.path, name));
  if (kind === 'missing') return;
  if (kind !== 'directory') return yield* unlinkAll(calls, parent, [name]);
  for (let round = 1; ; round += 1) {
    try {
      return yield* walk(calls, parent, name, {
        files: (directory, names) => unlinkAll(calls, directory, names),
        *directory(above, itsName, directory) {
          yield* calls.close(directory);
          yield* removeDirectory(calls, above, itsName);
        },
      });
    } catch (error) {
      // A program that still runs in there has made something new.
      if (round === MOST_ROUNDS || !failedWith(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    }
  }
}

function* unlinkAll(calls: FileSystemCalls, directory: OpenDirectory, names: readonly Buffer[]): Steps<void> {
  try {
    yield* calls.unlinkAll(directory, names);
  } catch (error) {
    if (!failedWith(error, 'EBUSY') || !(error instanceof Error) || !('path' in error)) throw error;
    const path = Buffer.from(`${error.path}`);
    const { mountPoint: isMounted } = yield* calls.lookUp(directory, nameOf(path));
    throw isMounted ? mountPointError('unlink', path) : error;
  }
}

function* removeDirectory(calls: FileSystemCalls, parent: OpenDirectory, name: Buffer): Steps<void> {
  try {
    yield* withPaths(calls.removeDirectory(parent, name), inDirectory(parent.path, name));
  } catch (error) {
    // Whoever has removed it.
    if (!failedWith(error, 'ENOENT')) throw error;
  }
}

/** With a stack of its own: a tree may be deeper than any that a thread has. */
function* walk(calls: FileSystemCalls, parent: OpenDirectory, root: Buffer, visitor: Visitor): Steps<void> {
  const levels: Level[] = [];
  try {
    yield* enter(calls, parent, root, parent, levels, visitor);
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const next = level.directories.pop();
      if (next !== undefined) {
        yield* enter(calls, level.directory, next, parent, levels, visitor);
        yield* closeAbove(calls, levels);
        continue;
      }
      yield* openAbove(calls, levels);
      levels.pop();
      yield* visitor.directory(levels.at(-1)?.directory ?? parent, level.name, level.directory);
    }
  } finally {
    for (const { directory, isOpen } of levels.reverse()) if (isOpen) yield* calls.close(directory);
  }
}

function* closeAbove(calls: FileSystemCalls, levels: readonly Level[]): Steps<void> {
  const level = levels.at(-1 - MOST_OPEN);
  if (level === undefined || !level.isOpen) return;
  level.isOpen = false;
  yield* calls.close(level.directory);
}

/** The directory that the innermost level is in. */
function* openAbove(calls: FileSystemCalls, levels: readonly Level[]): Steps<void> {
  const [above, innermost] = levels.slice(-2);
  if (above === undefined || innermost === undefined || above.isOpen) return;
  const { path } = above.directory;
  const found = yield* withPaths(calls.openSubdirectory(innermost.directory, Buffer.from('..')), path);
  // Somebody has moved it out of there.
  const isMoved = !isSame(found, above.directory);
  above.directory = { ...found, path };
  above.isOpen = true;
  if (isMoved) throw refusal('ENOENT', 'open', path);
}

/** Opens a directory as the next level, and visits what is in it but directories. */
function* enter(
  calls: FileSystemCalls,
  parent: OpenDirectory,
  name: Buffer,
  filesystem: OpenDirectory,
  levels: Level[],
  visitor: Visitor,
): Steps<void> {
  const path = inDirectory(parent.path, name);
  let directory: OpenDirectory;
  try {
    directory = yield* withPaths(calls.openSubdirectory(parent, name), path);
  } catch (error) {
    // Somebody else has removed it.
    if (failedWith(error, 'ENOENT')) return;
    throw error;
  }
  const level: Level = { name, directory, isOpen: true, directories: [] };
  levels.push(level);
  if (!isOnSameMount(directory, filesystem)) throw mountPointError('open', path);
  const files: Buffer[] = [];
  for (const entry of yield* list(calls, directory, path)) {
    const kind =
      entry.kind ??
      (yield* withPaths(calls.lookUp(directory, entry.name), inDirectory(path, entry.name))).kind;
    if (kind === 'directory') level.directories.push(entry.name);
    else if (kind !== 'missing') files.push(entry.name);
  }
  for (let from = 0; from < files.length; from += BATCH) {
    yield* visitor.files(directory, files.slice(from, from + BATCH));
  }
}

/** What is gone is empty. */
function* list(calls: FileSystemCalls, directory: OpenDirectory, path: Buffer): Steps<readonly Listed[]> {
  try {
    return yield* withPaths(calls.list(directory), path);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Without mount ids (before Linux 5.8) the device has to tell. */
function isOnSameMount(one: OpenDirectory, other: OpenDirectory): boolean {
  if (one.mountId !== other.mountId) return false;
  return one.mountId !== 0 || (one.major === other.major && one.minor === other.minor);
}
