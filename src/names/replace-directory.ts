import { failedWith, mountPointError, refusal, UNSUPPORTED } from '../base/fs-error.js';
import { type Durability, isWeaker } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import type { Entry, FileSystemCalls, FilesystemPlan } from '../fs/file-system-calls.js';
import { mayBeUnavailable } from '../fs/optional-calls.js';
import type { Steps } from '../fs/steps.js';
import { refuseNestedMounts, syncTree } from './directory-tree.js';
import {
  achievableDurability,
  type DurabilityRequest,
  needsDirectorySync,
  refuseIfWeaker,
  syncDirectories,
} from './durability.js';
import {
  type EntryPath,
  isInside,
  isMountPoint,
  isSameFile,
  isSameMount,
  withEntryPath,
} from './entry-path.js';
import {
  errorWithPaths,
  notADirectoryError,
  unsupportedReplacementError,
  withPaths,
  withPublishedState,
} from './errors.js';
import { emptyTrash, moveToTrash, type Trash } from './trash.js';

/**
 * The result of `replaceDirectory`.
 *
 * @category replaceDirectory
 */
export interface DirectoryReplaced {
  /** Whether an existing directory was replaced. */
  replaced: boolean;
  /** The durability that was achieved: `'none'` on tmpfs, whatever was requested. */
  durability: Durability;
}

/** The number of attempts while other programs create and remove the entry. */
const MAX_ATTEMPTS = 10;

/** A request to replace a directory. A symbolic link as the last component is not followed. */
export interface ReplaceDirectoryRequest extends DurabilityRequest {
  readonly staged: AbsolutePath;
  readonly path: AbsolutePath;
  /** The path at which the old tree is kept. Otherwise the old tree is removed. */
  readonly keepPrevious: AbsolutePath | undefined;
}

/** The entries of a request. */
interface Entries {
  readonly staged: EntryPath;
  readonly target: EntryPath;
  readonly kept: EntryPath | undefined;
}

/**
 * Makes the staged tree durable, exchanges it with the old tree, makes the names durable, and then keeps or
 * disposes of the old tree. After the exchange the old tree is whole at the staged path, until it is kept or
 * moved to the trash.
 *
 * Without an exchange, rename(2) moves a directory to a free path or over an empty directory. Otherwise it
 * fails.
 */
export function* replaceDirectory(
  calls: FileSystemCalls,
  request: ReplaceDirectoryRequest,
): Steps<DirectoryReplaced> {
  const { keepPrevious } = request;
  return yield* withPublishedState(request.path, (outcome) =>
    withEntryPath(calls, request.staged, (staged) =>
      withEntryPath(
        calls,
        request.path,
        (path) => {
          const replaceWith = (previous?: EntryPath): Steps<DirectoryReplaced> =>
            replaceEntries(
              calls,
              request,
              {
                staged: withoutTrailingSlash(staged),
                target: withoutTrailingSlash(path),
                kept: previous && withoutTrailingSlash(previous),
              },
              outcome,
            );
          return keepPrevious === undefined
            ? replaceWith()
            : withEntryPath(calls, keepPrevious, replaceWith, path);
        },
        staged,
      ),
    ),
  );
}

/** With a trailing slash a symbolic link would be followed. */
function withoutTrailingSlash(entry: EntryPath): EntryPath {
  return entry.name.at(-1) === 0x2f ? { ...entry, name: entry.name.subarray(0, -1) } : entry;
}

function* replaceEntries(
  calls: FileSystemCalls,
  request: ReplaceDirectoryRequest,
  entries: Entries,
  outcome: { published: boolean },
): Steps<DirectoryReplaced> {
  const { staged, target, kept } = entries;
  const all = kept === undefined ? [staged, target] : [staged, target, kept];
  const plan = yield* calls.planFor(target.directory, request.durability);
  // Where a filesystem does not order its writes, a crash may lose the two trees (docs/durability.md).
  const achieves = plan.replaced === 'held' ? 'none' : achievableDurability(plan, all);
  refuseIfWeaker(achieves, request, request.path);
  const exists = yield* checkEntries(calls, entries, all);
  const ofTree = yield* syncStaged(calls, plan, staged);
  const possible = isWeaker(ofTree, achieves) ? ofTree : achieves;
  refuseIfWeaker(possible, request, request.path);
  const exchanged = yield* moveIntoPlace(calls, staged, target);
  outcome.published = true;
  let durability = possible;
  // Where a filesystem does not order its writes, the new names must be on disk before the old tree is
  // removed.
  const isUnordered = plan.protocol === 'sync-rename-sync';
  if (needsDirectorySync(plan, request) || (exchanged && isUnordered)) {
    durability = yield* syncDirectories(calls, plan, durability, [target, staged]);
  }
  if (exchanged) durability = yield* keepOrDispose(calls, request, plan, durability, entries);
  return { replaced: exchanged || exists, durability };
}

/**
 * Checks before anything is written or changed. The kernel would refuse the exchange only after a large tree
 * was synced.
 *
 * @returns whether the target exists.
 */
function* checkEntries(
  calls: FileSystemCalls,
  { staged, target, kept }: Entries,
  all: readonly EntryPath[],
): Steps<boolean> {
  for (const entry of all) {
    if (!isSameMount(entry.directory, target.directory)) {
      throw refusal('EXDEV', 'rename', staged.path, entry === staged ? target.path : entry.path);
    }
    if (['.', '..'].includes(entry.name.toString())) throw refusal('EBUSY', 'rename', entry.path);
  }
  const prepared = { entry: staged, found: yield* lookUpDirectory(calls, staged) };
  if (prepared.found === undefined) throw refusal('ENOENT', 'open', staged.path);
  const old = { entry: target, found: yield* lookUpDirectory(calls, target) };
  yield* refuseIfNested(calls, prepared, old);
  yield* refuseNestedMounts(calls, all);
  if (kept !== undefined) {
    const earlier = { entry: kept, found: yield* lookUpDirectory(calls, kept) };
    yield* refuseIfNested(calls, earlier, old);
    yield* refuseIfNested(calls, earlier, prepared);
  }
  const exists = old.found !== undefined;
  if (exists && calls.exchange === undefined) {
    // On Windows a rename does not replace a directory.
    const canReplace = process.platform !== 'win32' && kept === undefined && (yield* isEmpty(calls, target));
    if (!canReplace) throw unsupportedReplacementError(calls, staged.path, target.path);
  }
  return exists;
}

/** @returns `undefined` if the path does not exist. */
function* lookUpDirectory(
  calls: FileSystemCalls,
  { path, directory, name }: EntryPath,
): Steps<Entry | undefined> {
  const found = yield* withPaths(calls.lookUp(directory, name), path);
  if (found.kind === 'missing') return undefined;
  if (found.kind !== 'directory') throw notADirectoryError(path);
  if (found.mountPoint) throw mountPointError('rename', path);
  return found;
}

function* isEmpty(calls: FileSystemCalls, { path, directory, name }: EntryPath): Steps<boolean> {
  const opened = yield* withPaths(calls.openSubdirectory(directory, name), path);
  try {
    return (yield* withPaths(calls.list(opened), path)).length === 0;
  } finally {
    yield* calls.close(opened);
  }
}

/** An entry path and its directory, if it exists. */
interface LookedUp {
  readonly entry: EntryPath;
  readonly found: Entry | undefined;
}

/** rename(2): EINVAL, a directory would become a subdirectory of itself. */
function* refuseIfNested(calls: FileSystemCalls, one: LookedUp, other: LookedUp): Steps<void> {
  if (yield* areDisjoint(calls, one, other)) return;
  throw refusal('EINVAL', 'rename', one.entry.path, other.entry.path);
}

function* areDisjoint(calls: FileSystemCalls, one: LookedUp, other: LookedUp): Steps<boolean> {
  // The same directory with another spelling, in a directory that folds case.
  if (one.found !== undefined && other.found !== undefined && isSameFile(one.found, other.found))
    return false;
  // With two names in one directory neither tree is inside the other.
  if (isSameFile(one.entry.directory, other.entry.directory)) return !one.entry.name.equals(other.entry.name);
  return (
    !(yield* isInside(calls, one.entry, other.entry)) && !(yield* isInside(calls, other.entry, one.entry))
  );
}

/** @returns the durability that the tree has now, as far as the plan requires one. */
function* syncStaged(calls: FileSystemCalls, plan: FilesystemPlan, staged: EntryPath): Steps<Durability> {
  if (plan.protocol === 'rename') return 'durable';
  if (plan.syncfs && (yield* syncFilesystemOf(calls, staged))) return 'durable';
  return yield* syncTree(calls, staged.directory, staged.name);
}

/** @returns `false` if this is not available here. */
function* syncFilesystemOf(calls: FileSystemCalls, { directory, name, path }: EntryPath): Steps<boolean> {
  if (calls.syncFilesystem === undefined) return false;
  const opened = yield* withPaths(calls.openSubdirectory(directory, name), path);
  try {
    yield* withPaths(calls.syncFilesystem(opened), path);
    // Without a journal ext4 flushes the disk's cache before the last blocks are written
    // (native/save/temporary.cc, SyncFilesystem). This sync flushes the cache again after them.
    return yield* withPaths(calls.syncDirectory(opened), path);
  } catch (error) {
    if (mayBeUnavailable('syncFilesystem', error)) return false;
    throw error;
  } finally {
    yield* calls.close(opened);
  }
}

/**
 * Moves the tree at the staged path to `to`, atomically. A tree that was at `to` moves to the staged path.
 *
 * @returns whether the two were exchanged; `false` for a rename.
 */
function* moveIntoPlace(calls: FileSystemCalls, staged: EntryPath, to: EntryPath): Steps<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    yield* lookUpDirectory(calls, to);
    try {
      if (calls.exchange === undefined) {
        yield* calls.rename(staged.directory, staged.name, to.directory, to.name);
        return false;
      }
      return yield* exchangeOrRename(calls, calls.exchange, staged, to);
    } catch (error) {
      const taken = failedWith(error, 'EEXIST', 'ENOTEMPTY');
      if (taken && calls.exchange !== undefined && attempt < MAX_ATTEMPTS) continue;
      throw yield* explainError(calls, error, staged, to);
    }
  }
}

function* exchangeOrRename(
  calls: FileSystemCalls,
  exchange: NonNullable<FileSystemCalls['exchange']>,
  { directory, name }: EntryPath,
  to: EntryPath,
): Steps<boolean> {
  try {
    yield* exchange.call(calls, directory, name, to.directory, to.name);
    return true;
  } catch (error) {
    // Where no exchange is available, nothing has looked whether `to` exists.
    const isFree =
      failedWith(error, 'ENOENT') ||
      (mayBeUnavailable('exchange', error) &&
        (yield* calls.lookUp(to.directory, to.name)).kind === 'missing');
    if (!isFree) throw error;
  }
  // `to` does not exist, or the staged path does not. The rename reports the latter.
  try {
    if (calls.renameExclusive !== undefined) {
      yield* calls.renameExclusive(directory, name, to.directory, to.name);
      return false;
    }
  } catch (error) {
    if (!mayBeUnavailable('renameExclusive', error)) throw error;
  }
  // rename(2) replaces only an empty directory.
  yield* calls.rename(directory, name, to.directory, to.name);
  return false;
}

/** Adds details that the error number does not contain. */
function* explainError(
  calls: FileSystemCalls,
  error: unknown,
  staged: EntryPath,
  to: EntryPath,
): Steps<unknown> {
  const { path } = staged;
  if (
    failedWith(error, 'EBUSY') &&
    ((yield* isMountPoint(calls, staged)) || (yield* isMountPoint(calls, to)))
  ) {
    return mountPointError('rename', path, to.path);
  }
  // Without an exchange: another program has created entries since the check.
  const cannot = calls.exchange === undefined ? ['ENOTEMPTY', 'EEXIST'] : UNSUPPORTED;
  if (failedWith(error, ...cannot)) return unsupportedReplacementError(calls, path, to.path);
  return errorWithPaths(error, path, to.path, true);
}

/** Keeps or disposes of the old tree, which is at the staged path. */
function* keepOrDispose(
  calls: FileSystemCalls,
  request: ReplaceDirectoryRequest,
  plan: FilesystemPlan,
  achieved: FilesystemPlan['achieves'],
  { staged, kept }: Entries,
): Steps<FilesystemPlan['achieves']> {
  let durability = achieved;
  if (kept !== undefined) {
    const exchanged = yield* moveIntoPlace(calls, staged, kept);
    if (needsDirectorySync(plan, request)) {
      durability = yield* syncDirectories(calls, plan, durability, [kept, staged]);
    }
    // After an exchange the tree that was kept before is at the staged path.
    if (!exchanged) return durability;
  }
  let trash: Trash;
  try {
    trash = yield* moveToTrash(calls, staged);
  } catch (error) {
    // rename(2): a directory that moves to another parent must be writable, but an empty one need not be
    // moved.
    if (failedWith(error, 'EACCES') && (yield* isEmptied(calls, staged))) return durability;
    throw error;
  }
  try {
    if (plan.protocol === 'sync-rename-sync') {
      durability = yield* syncDirectories(calls, plan, durability, [staged]);
    }
  } catch (error) {
    yield* calls.close(trash.directory);
    throw error;
  }
  yield* emptyTrash(calls, trash);
  return durability;
}

/** @returns whether it was an empty directory, which is removed. */
function* isEmptied(calls: FileSystemCalls, { directory, name }: EntryPath): Steps<boolean> {
  try {
    yield* calls.removeDirectory(directory, name);
    return true;
  } catch {
    // The earlier error is reported.
    return false;
  }
}
