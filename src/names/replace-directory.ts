import { failedWith, mountPointError, refusal, UNSUPPORTED } from '../base/fs-error.js';
import type { Durability } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import { inDirectory } from '../base/path-bytes.js';

import type { Entry, FileSystemCalls, FilesystemPlan, OpenDirectory } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { randomCharacters } from '../fs/temporary-name.js';
import { removeTree, syncTree } from './directory-tree.js';
import { achievable, refuseIfWeaker, syncNames, syncsNames, type Wanted } from './durability.js';
import { type EntryPath, isInside, isMountPoint, isSame, withEntryPath } from './entry-path.js';
import {
  mountPointInside,
  namesNotDurable,
  notADirectory,
  pathsOf,
  tellingPublished,
  unsupportedDirectoryReplacement,
  withPaths,
} from './errors.js';

/** What a `replaceDirectory` has done. */
export interface DirectoryReplaced {
  /** Whether a directory stood there before. */
  replaced: boolean;
  /** What is really promised about power loss: `'none'` on tmpfs, whatever was asked. */
  durability: Durability;
}

/** How often a path may be found free and then taken, or taken and then free. */
const MOST_ATTEMPTS = 10;

/** Of a tree that is being removed; random characters follow. Only under such a name is a tree ever found that is not whole. */
const TRASH = '.indelible-tree-';

/** One swap of a whole directory for another. The last components are not followed. */
export interface ReplaceDirectoryRequest extends Wanted {
  readonly staged: AbsolutePath;
  readonly path: AbsolutePath;
  /** Where the old tree is kept; otherwise it is removed. */
  readonly keepPrevious: AbsolutePath | undefined;
}

/** The names that are worked on. */
interface Names {
  readonly staged: EntryPath;
  readonly path: EntryPath;
  readonly previous: EntryPath | undefined;
}

/**
 * Makes the staged tree durable, swaps it in with one exchange, makes the names durable, and moves the old tree to where it
 * is kept, or removes it. From the exchange on the old tree stands, whole, under the staged path, until it is kept or moved
 * to the trash.
 *
 * Without an exchange rename(2) puts a directory where nothing stands, or an empty one, and fails anywhere else.
 */
export function* replaceDirectory(
  calls: FileSystemCalls,
  request: ReplaceDirectoryRequest,
): Steps<DirectoryReplaced> {
  const { keepPrevious } = request;
  return yield* tellingPublished(request.path, (outcome) =>
    withEntryPath(calls, request.staged, (staged) =>
      withEntryPath(
        calls,
        request.path,
        (path) => {
          const replaceWith = (previous?: EntryPath): Steps<DirectoryReplaced> =>
            replace(
              calls,
              request,
              { staged: bare(staged), path: bare(path), previous: previous && bare(previous) },
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

/** With the slash, a symbolic link would be followed. */
function bare(entry: EntryPath): EntryPath {
  return entry.name.at(-1) === 0x2f ? { ...entry, name: entry.name.subarray(0, -1) } : entry;
}

function* replace(
  calls: FileSystemCalls,
  request: ReplaceDirectoryRequest,
  names: Names,
  outcome: { published: boolean },
): Steps<DirectoryReplaced> {
  const { staged, path, previous } = names;
  const entries = previous === undefined ? [staged, path] : [staged, path, previous];
  const plan = yield* calls.planFor(path.directory, request.durability);
  // Where nothing orders a filesystem's writes, the two trees are not certain to be found (docs/durability.md).
  const achieves = plan.replaced === 'held' ? 'none' : achievable(plan, entries);
  refuseIfWeaker(achieves, request, request.path);
  const stands = yield* check(calls, names, entries);
  const synced = yield* syncStaged(calls, plan, staged);
  if (!synced && request.strict) throw namesNotDurable(request.path);
  const exchanged = yield* put(calls, staged, path);
  outcome.published = true;
  let durability = synced ? achieves : 'none';
  // Where a filesystem orders nothing by itself, the new names must be safe before the old tree can go.
  const ordersNothing = plan.protocol === 'sync-rename-sync';
  if (syncsNames(plan, request) || (exchanged && ordersNothing)) {
    durability = yield* syncNames(calls, plan, durability, [path, staged]);
  }
  if (exchanged) durability = yield* keepOrRemove(calls, request, plan, durability, names);
  return { replaced: exchanged || stands, durability };
}

/**
 * Before anything is written or changed: what the kernel would refuse only after a large tree was synced.
 *
 * @returns whether a directory stands under the path.
 */
function* check(
  calls: FileSystemCalls,
  { staged, path, previous }: Names,
  entries: readonly EntryPath[],
): Steps<boolean> {
  for (const entry of entries) {
    const { major, minor, mountId } = path.directory;
    const { directory } = entry;
    if (directory.major !== major || directory.minor !== minor || directory.mountId !== mountId) {
      throw refusal('EXDEV', 'rename', staged.asked, entry === staged ? path.asked : entry.asked);
    }
    if (['.', '..'].includes(entry.name.toString())) throw refusal('EBUSY', 'rename', entry.asked);
  }
  const prepared = { entry: staged, found: yield* directoryAt(calls, staged) };
  if (prepared.found === undefined) throw refusal('ENOENT', 'open', staged.asked);
  const old = { entry: path, found: yield* directoryAt(calls, path) };
  yield* refuseUnlessApart(calls, prepared, old);
  yield* refuseMountsInside(calls, entries);
  if (previous !== undefined) {
    const kept = { entry: previous, found: yield* directoryAt(calls, previous) };
    yield* refuseUnlessApart(calls, kept, old);
    yield* refuseUnlessApart(calls, kept, prepared);
  }
  const stands = old.found !== undefined;
  if (stands && calls.exchange === undefined) {
    // On Windows rename replaces no directory.
    const canReplace =
      process.platform !== 'win32' && previous === undefined && (yield* isEmpty(calls, path));
    if (!canReplace) throw unsupportedDirectoryReplacement(calls, staged.asked, path.asked);
  }
  return stands;
}

/** @returns `undefined` where nothing stands. */
function* directoryAt(
  calls: FileSystemCalls,
  { asked, directory, name }: EntryPath,
): Steps<Entry | undefined> {
  const found = yield* withPaths(calls.lookUp(directory, name), asked);
  if (found.kind === 'missing') return undefined;
  if (found.kind !== 'directory') throw notADirectory(asked);
  if (found.mountPoint) throw mountPointError('rename', asked);
  return found;
}

function* isEmpty(calls: FileSystemCalls, { asked, directory, name }: EntryPath): Steps<boolean> {
  const opened = yield* withPaths(calls.openSubdirectory(directory, name), asked);
  try {
    return (yield* withPaths(calls.list(opened), asked)).length === 0;
  } finally {
    yield* calls.close(opened);
  }
}

/** A name, and the directory that it leads to, if it leads anywhere. */
interface Found {
  readonly entry: EntryPath;
  readonly found: Entry | undefined;
}

/** rename(2): EINVAL, a directory would become a part of itself. */
function* refuseUnlessApart(calls: FileSystemCalls, one: Found, other: Found): Steps<void> {
  if (yield* areApart(calls, one, other)) return;
  throw refusal('EINVAL', 'rename', one.entry.asked, other.entry.asked);
}

function* areApart(calls: FileSystemCalls, one: Found, other: Found): Steps<boolean> {
  // By another spelling, in a directory that folds case.
  if (one.found !== undefined && other.found !== undefined && isSame(one.found, other.found)) return false;
  // Of two names in one directory neither leads into the other.
  if (isSame(one.entry.directory, other.entry.directory)) return !one.entry.name.equals(other.entry.name);
  return (
    !(yield* isInside(calls, one.entry, other.entry)) && !(yield* isInside(calls, other.entry, one.entry))
  );
}

/**
 * A filesystem mounted in the old tree would move along and stand in the way of its removal; one in the new tree would not be
 * made durable. What cannot be seen is not refused: the removal enters no mount.
 */
function* refuseMountsInside(calls: FileSystemCalls, entries: readonly EntryPath[]): Steps<void> {
  const points = yield* calls.mountPoints();
  if (points.length === 0) return;
  let last: { directory: OpenDirectory; path: Buffer | undefined } | undefined;
  for (const { directory, name } of entries) {
    if (last?.directory !== directory) last = { directory, path: yield* realPathOf(calls, directory) };
    if (last.path === undefined) continue;
    const tree = Buffer.concat([inDirectory(last.path, name), Buffer.from('/')]);
    const inside = points.find((point) => point.subarray(0, tree.length).equals(tree));
    if (inside !== undefined) throw mountPointInside(inside);
  }
}

function* realPathOf(calls: FileSystemCalls, directory: OpenDirectory): Steps<Buffer | undefined> {
  try {
    return yield* calls.realPath(directory);
  } catch {
    return undefined;
  }
}

/** @returns whether all of the tree could be made durable, as far as the plan wants that. */
function* syncStaged(calls: FileSystemCalls, plan: FilesystemPlan, staged: EntryPath): Steps<boolean> {
  if (plan.protocol === 'rename') return true;
  if (!plan.syncfs || calls.syncFilesystem === undefined) {
    return yield* syncTree(calls, staged.directory, staged.name);
  }
  const opened = yield* withPaths(calls.openSubdirectory(staged.directory, staged.name), staged.asked);
  try {
    yield* withPaths(calls.syncFilesystem(opened), staged.asked);
    // Without a journal ext4 flushes the disk's cache before the last of its blocks are written (native/save/temporary.cc,
    // SyncFilesystem); this flushes it once more, behind them.
    if (yield* withPaths(calls.syncDirectory(opened), staged.asked)) return true;
    throw refusal('EINVAL', 'fsync', staged.asked);
  } finally {
    yield* calls.close(opened);
  }
}

/**
 * What stands under the staged path gets the name `to`, and what stood there, if anything did, the staged path: in one step.
 *
 * @returns whether the two were exchanged; without an exchange, `false`.
 */
function* put(calls: FileSystemCalls, staged: EntryPath, to: EntryPath): Steps<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    yield* directoryAt(calls, to);
    try {
      if (calls.exchange === undefined) {
        yield* calls.rename(staged.directory, staged.name, to.directory, to.name);
        return false;
      }
      return yield* exchangeOrRename(calls, calls.exchange, staged, to);
    } catch (error) {
      const taken = failedWith(error, 'EEXIST', 'ENOTEMPTY');
      if (taken && calls.exchange !== undefined && attempt < MOST_ATTEMPTS) continue;
      throw yield* explained(calls, error, staged, to);
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
    if (!failedWith(error, 'ENOENT')) throw error;
  }
  // Nothing stands there; or nothing under the staged path, as this says.
  try {
    if (calls.renameExclusive !== undefined) {
      yield* calls.renameExclusive(directory, name, to.directory, to.name);
      return false;
    }
  } catch (error) {
    if (!failedWith(error, ...UNSUPPORTED)) throw error;
  }
  // rename(2) replaces nothing but an empty directory.
  yield* calls.rename(directory, name, to.directory, to.name);
  return false;
}

/** What the error number alone does not tell. */
function* explained(
  calls: FileSystemCalls,
  error: unknown,
  staged: EntryPath,
  to: EntryPath,
): Steps<unknown> {
  const { asked } = staged;
  if (
    failedWith(error, 'EBUSY') &&
    ((yield* isMountPoint(calls, staged)) || (yield* isMountPoint(calls, to)))
  ) {
    return mountPointError('rename', asked, to.asked);
  }
  // Without an exchange, something has been put there since it was looked at.
  const cannot = calls.exchange === undefined ? ['ENOTEMPTY', 'EEXIST'] : UNSUPPORTED;
  if (failedWith(error, ...cannot)) return unsupportedDirectoryReplacement(calls, asked, to.asked);
  return pathsOf(error, asked, to.asked);
}

/** The old tree stands under the staged path. */
function* keepOrRemove(
  calls: FileSystemCalls,
  request: ReplaceDirectoryRequest,
  plan: FilesystemPlan,
  achieved: FilesystemPlan['achieves'],
  { staged, previous }: Names,
): Steps<FilesystemPlan['achieves']> {
  let durability = achieved;
  if (previous !== undefined) {
    const exchanged = yield* put(calls, staged, previous);
    if (syncsNames(plan, request)) {
      durability = yield* syncNames(calls, plan, durability, [previous, staged]);
    }
    // Otherwise what was kept before stands under the staged path now.
    if (!exchanged) return durability;
  }
  const trash = Buffer.from(`${TRASH}${randomCharacters()}`);
  const { directory, name, asked } = staged;
  yield* withPaths(
    calls.rename(directory, name, directory, trash),
    asked,
    inDirectory(directory.path, trash),
  );
  if (plan.protocol === 'sync-rename-sync') {
    durability = yield* syncNames(calls, plan, durability, [staged]);
  }
  yield* removeTree(calls, directory, trash);
  return durability;
}
