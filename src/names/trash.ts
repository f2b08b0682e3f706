import { failedWith } from '../base/fs-error.js';
import { inDirectory } from '../base/path-bytes.js';
import type { FileSystemCalls, OpenDirectory } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { randomCharacters } from '../fs/temporary-name.js';
import { isOnSameMount, refuseNestedMounts, removeTree } from './directory-tree.js';
import type { EntryPath } from './entry-path.js';
import { withPaths } from './errors.js';

// An old tree is removed inside a directory of its own, the trash:
//   .indelible-tree-<random>/.indelible-tree-<random>/...
// Both names are the same, and the outer directory belongs to the user of the process and gives nobody else
// any right. So nobody else can have put a tree into it, and a tree that is only renamed to such a name does
// not look like one. Only a tree in the trash may be incomplete.

const PREFIX = '.indelible-tree-';
const PATTERN = /^\.indelible-tree-[a-z2-7]{16}$/;

const TRASH_MODE = 0o700;
const PERMISSIONS = 0o777;

/** How often another process may interfere with the trash. */
const MAX_ATTEMPTS = 10;

export function isTrashName(name: string): boolean {
  return PATTERN.test(name);
}

/** A tree in the trash. */
export interface Trash {
  readonly parent: OpenDirectory;
  readonly directory: OpenDirectory;
  /** The name of both directories. */
  readonly name: Buffer;
}

/** Moves a tree to the trash in its directory. */
export function* moveToTrash(
  calls: FileSystemCalls,
  { directory: parent, name: from, path }: EntryPath,
): Steps<Trash> {
  for (let attempt = 1; ; attempt += 1) {
    const trash = yield* makeTrash(calls, parent);
    const { directory, name } = trash;
    try {
      yield* withPaths(calls.rename(parent, from, directory, name), path, inDirectory(directory.path, name));
      return trash;
    } catch (error) {
      yield* calls.close(directory);
      yield* removeEmpty(calls, trash);
      if (attempt === MAX_ATTEMPTS || !failedWith(error, 'ENOENT')) throw error;
    }
  }
}

function* makeTrash(calls: FileSystemCalls, parent: OpenDirectory): Steps<Trash> {
  for (let attempt = 1; ; attempt += 1) {
    const name = Buffer.from(`${PREFIX}${randomCharacters()}`);
    const path = inDirectory(parent.path, name);
    yield* withPaths(calls.makeDirectory(parent, name, TRASH_MODE), path);
    try {
      return { parent, name, directory: yield* withPaths(calls.openSubdirectory(parent, name), path) };
    } catch (error) {
      yield* removeEmpty(calls, { parent, name });
      if (attempt === MAX_ATTEMPTS || !failedWith(error, 'ENOENT')) throw error;
    }
  }
}

/** Ignores errors: the earlier error is reported, and a sweep removes what remains. */
function* removeEmpty(calls: FileSystemCalls, { parent, name }: Pick<Trash, 'parent' | 'name'>): Steps<void> {
  try {
    yield* calls.removeDirectory(parent, name);
  } catch {
    // As above.
  }
}

/**
 * Removes the tree, and closes and removes the trash. Goes by the open directory: another process may put
 * another one at the name.
 */
export function* emptyTrash(calls: FileSystemCalls, { parent, directory, name }: Trash): Steps<void> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      yield* removeTree(calls, directory, name);
      try {
        return yield* withPaths(calls.removeDirectory(parent, name), inDirectory(parent.path, name));
      } catch (error) {
        // A sweep has removed it.
        if (failedWith(error, 'ENOENT')) return;
        if (attempt === MAX_ATTEMPTS || !failedWith(error, 'ENOTEMPTY', 'EEXIST')) throw error;
      }
    }
  } finally {
    yield* calls.close(directory);
  }
}

/**
 * Removes a tree that a killed process has left in the trash. Another process may remove it at the same time.
 *
 * @returns `false` if the name is not that of trash.
 */
export function* removeTrash(calls: FileSystemCalls, parent: OpenDirectory, name: Buffer): Steps<boolean> {
  // Without an exchange no old tree is ever moved.
  if (calls.exchange === undefined) return false;
  const path = inDirectory(parent.path, name);
  const found = yield* withPaths(calls.lookUp(parent, name), path);
  if (found.kind !== 'directory' || found.mountPoint) return false;
  // Also where the system does not tell the mount of an open directory: QEMU's user mode gives 0.
  yield* refuseNestedMounts(calls, [{ directory: parent, name }]);
  const trash = { parent, name, directory: yield* withPaths(calls.openSubdirectory(parent, name), path) };
  if (!isOnSameMount(trash.directory, parent) || !(yield* isTrash(calls, trash))) {
    yield* calls.close(trash.directory);
    return false;
  }
  yield* emptyTrash(calls, trash);
  return true;
}

/** Looks at the open directory, which no rename exchanges for another. */
function* isTrash(calls: FileSystemCalls, { directory, name }: Trash): Steps<boolean> {
  const user = process.geteuid?.();
  const { mode, uid } = yield* withPaths(calls.lookUp(directory, Buffer.from('.')), directory.path);
  if (user !== undefined && (uid !== user || (mode & PERMISSIONS) !== TRASH_MODE)) return false;
  const entries = yield* withPaths(calls.list(directory), directory.path);
  return entries.every((entry) => entry.name.equals(name));
}
