import { failedWith } from '../base/fs-error.js';
import { inDirectory } from '../base/path-bytes.js';
import type { FileSystemCalls, OpenDirectory } from '../fs/file-system-calls.js';
import { isSafeWithoutPin } from '../fs/optional-calls.js';
import type { Steps } from '../fs/steps.js';
import { temporaryName } from '../fs/temporary-name.js';
import { withPaths } from './errors.js';

/** S_ISVTX (inode(7)). */
const STICKY = 0o1000;

/**
 * Pins the version that is about to be replaced: gives it a second link, so that its inode and blocks are not
 * reused until the new version's name is on disk (`Plan.replaced`).
 *
 * @returns the name of the second link, if there is one; and whether a crash cannot lose the version.
 */
export function* pin(
  calls: FileSystemCalls,
  directory: OpenDirectory,
  name: Buffer,
  local: boolean,
): Steps<{ pinned?: Buffer; safe: boolean }> {
  const pinned = Buffer.from(temporaryName(local));
  try {
    if (!(yield* mayBeRemoved(calls, directory, name))) return { safe: false };
    yield* calls.link(directory, name, directory, pinned);
    return { pinned, safe: true };
  } catch (error) {
    return { safe: isSafeWithoutPin(error) };
  }
}

/**
 * In a sticky directory another user's file may be linked, but neither renamed nor removed (unlink(2),
 * EPERM).
 */
function* mayBeRemoved(calls: FileSystemCalls, directory: OpenDirectory, name: Buffer): Steps<boolean> {
  const parent = yield* calls.lookUp(directory, Buffer.from('.'));
  if ((parent.mode & STICKY) === 0) return true;
  const user = process.geteuid?.();
  return user === 0 || user === parent.uid || user === (yield* calls.lookUp(directory, name)).uid;
}

export function* unpin(calls: FileSystemCalls, directory: OpenDirectory, pinned: Buffer): Steps<void> {
  try {
    yield* withPaths(calls.unlink(directory, pinned), inDirectory(directory.path, pinned));
  } catch (error) {
    // A sweep may have removed it.
    if (!failedWith(error, 'ENOENT')) throw error;
  }
}
