import { isError } from '../base/errors.js';
import { failedWith, mountPointError, refusal } from '../base/fs-error.js';
import type { Durability } from '../base/options.js';
import { inDirectory, nameOf } from '../base/path-bytes.js';
import type { FileSystemCalls, ListedEntry, OpenDirectory } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { type EntryPath, isMountPoint, isSameFile } from './entry-path.js';
import { nestedMountPointError, withPaths } from './errors.js';

// Steps over whole directory trees. Symbolic links are never followed. A mount inside the tree is an error:
// it is never entered.

/** How often a directory may have new entries after it was emptied. */
const MAX_ROUNDS = 10;

/** The number of names in one call, which one thread handles. */
const BATCH_SIZE = 256;

/** The number of levels that are open at a time. The levels above them are opened again on the way back. */
const MAX_OPEN_LEVELS = 32;

/** Visits a tree from its leaves to its root. */
interface Visitor {
  /** Visits the entries of a directory that are not directories. */
  files(directory: OpenDirectory, names: readonly Buffer[]): Steps<void>;
  /** Visits a directory after all of its entries. The visitor closes it. */
  directory(parent: OpenDirectory, name: Buffer, directory: OpenDirectory): Steps<void>;
}

/** A directory that was entered, and its subdirectories that have not been visited. */
interface Level {
  readonly name: Buffer;
  directory: OpenDirectory;
  isOpen: boolean;
  readonly directories: Buffer[];
}

/**
 * Refuses trees in which the mount table has a mount. One in an old tree would move with it and block its
 * removal, one in a new tree would not be made durable. A mount that is not in the table is not refused here; a
 * walk does not enter it.
 */
export function* refuseNestedMounts(
  calls: FileSystemCalls,
  trees: readonly Pick<EntryPath, 'directory' | 'name'>[],
): Steps<void> {
  const points = yield* calls.mountPoints();
  if (points.length === 0) return;
  let last: { directory: OpenDirectory; path: Buffer | undefined } | undefined;
  for (const { directory, name } of trees) {
    if (last?.directory !== directory) last = { directory, path: yield* realPathOf(calls, directory) };
    if (last.path === undefined) continue;
    const tree = Buffer.concat([inDirectory(last.path, name), Buffer.from('/')]);
    const inside = points.find((point) => point.subarray(0, tree.length).equals(tree));
    if (inside !== undefined) throw nestedMountPointError(inside);
  }
}

function* realPathOf(calls: FileSystemCalls, directory: OpenDirectory): Steps<Buffer | undefined> {
  try {
    return yield* calls.realPath(directory);
  } catch {
    return undefined;
  }
}

/**
 * Makes every file and every directory of a tree durable, each with its own sync.
 *
 * @returns the durability that the tree has now: `'none'` if a file could not be synced, `'ordered'` if the
 *   names in a directory could not.
 */
export function* syncTree(calls: FileSystemCalls, parent: OpenDirectory, name: Buffer): Steps<Durability> {
  let durability: Durability = 'durable';
  yield* walk(calls, parent, name, {
    *files(directory, names) {
      if (!(yield* calls.syncFiles(directory, names))) durability = 'none';
    },
    *directory(above, itsName, directory) {
      try {
        // Some FUSE and network filesystems cannot sync a directory. Its names are as durable as the filesystem
        // makes them.
        const synced = yield* withPaths(calls.syncDirectory(directory), inDirectory(above.path, itsName));
        if (!synced && durability === 'durable') durability = 'ordered';
      } finally {
        yield* calls.close(directory);
      }
    },
  });
  return durability;
}

/**
 * Removes a directory with everything in it, or any other entry with that name. Another process may remove it
 * at the same time.
 */
export function* removeTree(calls: FileSystemCalls, parent: OpenDirectory, name: Buffer): Steps<void> {
  const { kind } = yield* withPaths(calls.lookUp(parent, name), inDirectory(parent.path, name));
  if (kind === 'missing') return;
  if (kind !== 'directory') return yield* unlinkFiles(calls, parent, [name]);
  for (let round = 1; ; round += 1) {
    try {
      return yield* walk(calls, parent, name, {
        files: (directory, names) => unlinkFiles(calls, directory, names),
        *directory(above, itsName, directory) {
          yield* calls.close(directory);
          yield* removeDirectory(calls, above, itsName);
        },
      });
    } catch (error) {
      // Another program has created a new entry in it.
      if (round === MAX_ROUNDS || !failedWith(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    }
  }
}

function* unlinkFiles(
  calls: FileSystemCalls,
  directory: OpenDirectory,
  names: readonly Buffer[],
): Steps<void> {
  try {
    yield* calls.unlinkAll(directory, names);
  } catch (error) {
    if (!failedWith(error, 'EBUSY') || !isError(error) || !('path' in error)) throw error;
    const path = Buffer.from(`${error.path}`);
    const isMounted = yield* isMountPoint(calls, { path, directory, name: nameOf(path) });
    throw isMounted ? mountPointError('unlink', path) : error;
  }
}

function* removeDirectory(calls: FileSystemCalls, parent: OpenDirectory, name: Buffer): Steps<void> {
  try {
    yield* withPaths(calls.removeDirectory(parent, name), inDirectory(parent.path, name));
  } catch (error) {
    // Another process has removed it.
    if (!failedWith(error, 'ENOENT')) throw error;
  }
}

/** Uses its own stack of levels: a tree may be deeper than the call stack of a thread. */
function* walk(calls: FileSystemCalls, parent: OpenDirectory, root: Buffer, visitor: Visitor): Steps<void> {
  const levels: Level[] = [];
  try {
    yield* enterDirectory(calls, parent, root, parent, levels, visitor);
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const next = level.directories.pop();
      if (next !== undefined) {
        yield* enterDirectory(calls, level.directory, next, parent, levels, visitor);
        yield* closeDistantLevel(calls, levels);
        continue;
      }
      yield* reopenParent(calls, levels);
      levels.pop();
      yield* visitor.directory(levels.at(-1)?.directory ?? parent, level.name, level.directory);
    }
  } finally {
    for (const { directory, isOpen } of levels.reverse()) if (isOpen) yield* calls.close(directory);
  }
}

function* closeDistantLevel(calls: FileSystemCalls, levels: readonly Level[]): Steps<void> {
  const level = levels.at(-1 - MAX_OPEN_LEVELS);
  if (level === undefined || !level.isOpen) return;
  level.isOpen = false;
  yield* calls.close(level.directory);
}

/** Opens the parent of the innermost level again, if it was closed. */
function* reopenParent(calls: FileSystemCalls, levels: readonly Level[]): Steps<void> {
  const [above, innermost] = levels.slice(-2);
  if (above === undefined || innermost === undefined || above.isOpen) return;
  const { path } = above.directory;
  const found = yield* withPaths(calls.openSubdirectory(innermost.directory, Buffer.from('..')), path);
  // Another process has moved the directory.
  const isMoved = !isSameFile(found, above.directory);
  above.directory = { ...found, path };
  above.isOpen = true;
  if (isMoved) throw refusal('ENOENT', 'open', path);
}

/** Opens a directory as the next level, and visits its entries that are not directories. */
function* enterDirectory(
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
    // Another process has removed it.
    if (failedWith(error, 'ENOENT')) return;
    throw error;
  }
  const level: Level = { name, directory, isOpen: true, directories: [] };
  levels.push(level);
  if (!isOnSameMount(directory, filesystem)) throw mountPointError('open', path);
  const files: Buffer[] = [];
  for (const entry of yield* listEntries(calls, directory, path)) {
    const kind =
      entry.kind ??
      (yield* withPaths(calls.lookUp(directory, entry.name), inDirectory(path, entry.name))).kind;
    if (kind === 'directory') level.directories.push(entry.name);
    else if (kind !== 'missing') files.push(entry.name);
  }
  for (let from = 0; from < files.length; from += BATCH_SIZE) {
    yield* visitor.files(directory, files.slice(from, from + BATCH_SIZE));
  }
}

/** A directory that no longer exists counts as empty. */
function* listEntries(
  calls: FileSystemCalls,
  directory: OpenDirectory,
  path: Buffer,
): Steps<readonly ListedEntry[]> {
  try {
    return yield* withPaths(calls.list(directory), path);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Without mount ids (before Linux 5.8 where `/proc` is not mounted) the device numbers are compared. */
export function isOnSameMount(one: OpenDirectory, other: OpenDirectory): boolean {
  if (one.mountId !== other.mountId) return false;
  return one.mountId !== 0 || (one.major === other.major && one.minor === other.minor);
}
