import { failedWith } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import { bytesOfPath, inDirectory } from '../base/path-bytes.js';
import type { FileSystemCalls, OpenDirectory } from '../fs/file-system-calls.js';
import { mayBeUnavailable } from '../fs/optional-calls.js';
import type { Steps } from '../fs/steps.js';
import { temporaryName } from '../fs/temporary-name.js';
import {
  achievableDurability,
  type DurabilityRequest,
  type NameChange,
  needsDirectorySync,
  refuseIfWeaker,
  syncDirectories,
} from './durability.js';
import { type EntryPath, withEntryPath } from './entry-path.js';
import { noSymlinkError, notASymlinkError, withPaths, withPublishedState } from './errors.js';
import { pin, unpin } from './pinned-version.js';

/** The number of attempts while other programs create and remove the entry. */
const MAX_ATTEMPTS = 10;

export interface ReplaceSymlinkRequest extends DurabilityRequest {
  /** The text of the link. It may be relative. */
  readonly target: string | Buffer;
  readonly path: AbsolutePath;
}

/** The state of the old and the new link. */
interface PlacedLink {
  /** The name of the pinned old link. */
  pinned?: Buffer;
  /** The new link's inode needs more than the sync of its directory. */
  unsynced: boolean;
  /** What it needs is not available here. */
  lost: boolean;
}

/** Changes the target of a symbolic link atomically, or creates the link. */
export function* replaceSymlink(calls: FileSystemCalls, request: ReplaceSymlinkRequest): Steps<NameChange> {
  return yield* withPublishedState(request.path, (outcome) =>
    withEntryPath(calls, request.path, function* (entry) {
      const plan = yield* calls.planFor(entry.directory, request.durability);
      const pins = plan.replaced === 'held';
      // Without a journal the sync of a directory does not write a new link's inode (fs/ext4/fsync.c,
      // ext4_fsync_nojournal), and a link cannot be opened to be synced.
      const lost = pins && calls.syncFilesystem === undefined;
      const achieves = lost ? 'none' : achievableDurability(plan, [entry]);
      refuseIfWeaker(achieves, request, request.path);
      const placed = yield* placeLink(calls, request, entry, pins && !lost, plan.local);
      const { pinned } = placed;
      outcome.published = true;
      if (!needsDirectorySync(plan, request)) return { durability: achieves };
      let durability = achieves;
      try {
        if (placed.lost || (placed.unsynced && !(yield* syncLink(calls, entry)))) durability = 'none';
        durability = yield* syncDirectories(calls, plan, durability, [entry]);
      } catch (error) {
        if (pinned !== undefined) yield* discard(calls, entry, pinned);
        throw error;
      }
      if (pinned !== undefined) yield* unpin(calls, entry.directory, pinned);
      return { durability };
    }),
  );
}

function* placeLink(
  calls: FileSystemCalls,
  request: ReplaceSymlinkRequest,
  entry: EntryPath,
  pins: boolean,
  local: boolean,
): Steps<PlacedLink> {
  const { target, path } = request;
  const text = bytesOfPath(target);
  for (let attempt = 1; ; attempt += 1) {
    const { kind } = yield* withPaths(calls.lookUp(entry.directory, entry.name), path);
    if (kind === 'symlink') return yield* replaceLink(calls, request, text, entry, pins, local);
    if (kind !== 'missing') throw notASymlinkError(path);
    try {
      yield* makeLink(calls, text, entry.directory, entry.name, path);
      return { unsynced: pins, lost: false };
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !failedWith(error, 'EEXIST')) throw error;
    }
  }
}

/** Creates the new link under a temporary name and renames it over the old link. */
function* replaceLink(
  calls: FileSystemCalls,
  request: ReplaceSymlinkRequest,
  text: Buffer,
  entry: EntryPath,
  pins: boolean,
  local: boolean,
): Steps<PlacedLink> {
  const { directory, name } = entry;
  const temporary = Buffer.from(temporaryName(local));
  const path = inDirectory(directory.path, temporary);
  yield* makeLink(calls, text, directory, temporary, path);
  let pinned: Buffer | undefined;
  try {
    let lost = pins && !(yield* syncLink(calls, entry));
    if (pins) {
      const old = yield* pin(calls, directory, name, local);
      pinned = old.pinned;
      lost ||= !old.safe;
    }
    if (lost) refuseIfWeaker('none', request, entry.path);
    yield* withPaths(calls.rename(directory, temporary, directory, name), path, entry.path);
    return { unsynced: false, lost, ...(pinned !== undefined && { pinned }) };
  } catch (error) {
    yield* discard(calls, entry, temporary);
    if (pinned !== undefined) yield* discard(calls, entry, pinned);
    throw error;
  }
}

function* makeLink(
  calls: FileSystemCalls,
  text: Buffer,
  directory: OpenDirectory,
  name: Buffer,
  path: AbsolutePath,
): Steps<void> {
  try {
    yield* withPaths(calls.symlink(text, directory, name), text, path);
  } catch (error) {
    throw mayBeUnavailable('symlink', error) ? noSymlinkError(path, error) : error;
  }
}

/** Ignores errors: the earlier error is reported, and a sweep removes what remains. */
function* discard(calls: FileSystemCalls, { directory }: EntryPath, name: Buffer): Steps<void> {
  try {
    yield* calls.unlink(directory, name);
  } catch {
    // As above.
  }
}

/** @returns `false` if this is not available here. */
function* syncLink(calls: FileSystemCalls, { directory, path }: EntryPath): Steps<boolean> {
  if (!directory.syncable || calls.syncFilesystem === undefined) return true;
  try {
    yield* withPaths(calls.syncFilesystem(directory), path);
    return true;
  } catch (error) {
    if (mayBeUnavailable('syncFilesystem', error)) return false;
    throw error;
  }
}
