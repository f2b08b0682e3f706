import { failedWith } from '../base/fs-error.js';
import { inDirectory } from '../base/path-bytes.js';
import type { FileSystemCalls, OpenDirectory } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { temporaryName } from '../fs/temporary-name.js';
import { withPaths } from './errors.js';

/** S_ISVTX (inode(7)). */
const STICKY = 0o1000;

/**
 * Gives what is about to be replaced a second name, so that its inode and blocks stay its own until the new version's name is
 * on disk (`Plan.replaced`). What cannot be pinned is replaced all the same: only a crash could tell.
 *
 * @returns the second name, if it has one.
 */
export function* pin(
  calls: FileSystemCalls,
  directory: OpenDirectory,
  name: Buffer,
): Steps<Buffer | undefined> {
  const own = Buffer.from(temporaryName());
  try {
    if (!(yield* mayBeRemoved(calls, directory, name))) return undefined;
    yield* calls.link(directory, name, directory, own);
    return own;
  } catch {
    // EPERM: another's file, with fs.protected_hardlinks (proc(5)), or a directory by now. EMLINK: it has enough names to
    // outlive this one.
    return undefined;
  }
}

/** In a sticky directory other people's files may be linked, but neither renamed nor removed (unlink(2), EPERM). */
function* mayBeRemoved(calls: FileSystemCalls, directory: OpenDirectory, name: Buffer): Steps<boolean> {
  const parent = yield* calls.lookUp(directory, Buffer.from('.'));
  if ((parent.mode & STICKY) === 0) return true;
  const user = process.geteuid?.();
  return user === 0 || user === parent.uid || user === (yield* calls.lookUp(directory, name)).uid;
}

export function* unpin(calls: FileSystemCalls, directory: OpenDirectory, own: Buffer): Steps<void> {
  try {
    yield* withPaths(calls.unlink(directory, own), inDirectory(directory.path, own));
  } catch (error) {
    // A sweep may have been faster.
    if (!failedWith(error, 'ENOENT')) throw error;
  }
}
