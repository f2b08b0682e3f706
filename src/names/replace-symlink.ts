import { failedWith } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import { bytesOfPath, inDirectory } from '../base/path-bytes.js';
import type { FileSystemCalls } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { temporaryName } from '../fs/temporary-name.js';
import {
  achievable,
  type NameChange,
  refuseIfWeaker,
  syncNames,
  syncsNames,
  type Wanted,
} from './durability.js';
import { type EntryPath, withEntryPath } from './entry-path.js';
import { notASymlink, tellingPublished, withPaths } from './errors.js';
import { pin, unpin } from './pinned-version.js';

/** How often a name may be found free and then taken, or taken and then free. */
const MOST_ATTEMPTS = 10;

export interface ReplaceSymlinkRequest extends Wanted {
  /** The link's text, which need not be absolute. */
  readonly target: string | Buffer;
  readonly path: AbsolutePath;
}

/** What is there of the old link and the new one. */
interface Put {
  /** The second name of the old one. */
  pinned?: Buffer;
  /** The new one's inode needs more than its directory's sync. */
  unsynced: boolean;
}

/** Makes a link that is free or a symbolic link lead elsewhere, in one step. */
export function* replaceSymlink(calls: FileSystemCalls, request: ReplaceSymlinkRequest): Steps<NameChange> {
  return yield* tellingPublished(request.path, (outcome) =>
    withEntryPath(calls, request.path, function* (entry) {
      const plan = yield* calls.planFor(entry.directory, request.durability);
      const pins = plan.replaced === 'held';
      // Without a journal a directory's sync does not take a new link's inode along (fs/ext4/fsync.c, ext4_fsync_nojournal),
      // and a link cannot be opened to be synced.
      const lost = pins && calls.syncFilesystem === undefined;
      const achieves = lost ? 'none' : achievable(plan, [entry]);
      refuseIfWeaker(achieves, request, request.path);
      const { pinned, unsynced } = yield* put(calls, request, entry, pins && !lost);
      outcome.published = true;
      if (!syncsNames(plan, request)) return { durability: achieves };
      let durability = achieves;
      try {
        if (unsynced) yield* syncLink(calls, entry);
        durability = yield* syncNames(calls, plan, achieves, [entry]);
      } catch (error) {
        if (pinned !== undefined) yield* discard(calls, entry, pinned);
        throw error;
      }
      if (pinned !== undefined) yield* unpin(calls, entry.directory, pinned);
      return { durability };
    }),
  );
}

function* put(
  calls: FileSystemCalls,
  { target, path }: ReplaceSymlinkRequest,
  entry: EntryPath,
  pins: boolean,
): Steps<Put> {
  const text = bytesOfPath(target);
  for (let attempt = 1; ; attempt += 1) {
    const { kind } = yield* withPaths(calls.lookUp(entry.directory, entry.name), path);
    if (kind === 'symlink') return yield* putOver(calls, text, entry, pins);
    if (kind !== 'missing') throw notASymlink(path);
    try {
      yield* withPaths(calls.symlink(text, entry.directory, entry.name), target, path);
      return { unsynced: pins };
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !failedWith(error, 'EEXIST')) throw error;
    }
  }
}

/** A new link under a name of its own, which then takes the old one's. */
function* putOver(calls: FileSystemCalls, text: Buffer, entry: EntryPath, pins: boolean): Steps<Put> {
  const { directory, name, asked } = entry;
  // Nothing can lock a symbolic link: its name says whose it is.
  const temporary = Buffer.from(temporaryName());
  const path = inDirectory(directory.path, temporary);
  yield* withPaths(calls.symlink(text, directory, temporary), text, path);
  let pinned: Buffer | undefined;
  try {
    if (pins) yield* syncLink(calls, entry);
    if (pins) pinned = yield* pin(calls, directory, name);
    yield* withPaths(calls.rename(directory, temporary, directory, name), path, asked);
    return { unsynced: false, ...(pinned !== undefined && { pinned }) };
  } catch (error) {
    yield* discard(calls, entry, temporary);
    if (pinned !== undefined) yield* discard(calls, entry, pinned);
    throw error;
  }
}

/** The error that led here is the one to report; what cannot be removed is left to a sweep. */
function* discard(calls: FileSystemCalls, { directory }: EntryPath, name: Buffer): Steps<void> {
  try {
    yield* calls.unlink(directory, name);
  } catch {
    // As above.
  }
}

function* syncLink(calls: FileSystemCalls, { directory, asked }: EntryPath): Steps<void> {
  if (!directory.syncable || calls.syncFilesystem === undefined) return;
  yield* withPaths(calls.syncFilesystem(directory), asked);
}
