import { constants } from 'node:os';
import { indelibleError, isError, type SaveError, systemError } from '../base/errors.js';
import { failedWith, toSaveError } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import type { FileSystemCalls } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';

// Errors of the steps in this folder.

export function notASymlinkError(path: AbsolutePath): SaveError {
  const message = `'${path}' is not a symbolic link; only a symbolic link is replaced by one`;
  return indelibleError('ERR_INDELIBLE_NOT_A_SYMLINK', message, { syscall: 'lstat', path });
}

export function noSymlinkError(path: AbsolutePath, cause: unknown): SaveError {
  const message = `No symbolic link can be made at '${path}': the filesystem has none, or a flag or a filter forbids it`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'symlink', path, cause });
}

export function notDurableError(path: AbsolutePath): SaveError {
  const message = `The filesystem cannot give '${path}' the requested durability`;
  return indelibleError('ERR_INDELIBLE_NOT_DURABLE', message, { syscall: 'open', path });
}

/** The atomic operations on two names. */
export type Operation = 'exchange' | 'renameExclusive';

const OPERATION_TEXT: Readonly<Record<Operation, string>> = {
  exchange: 'exchange of two paths',
  renameExclusive: 'rename that fails if the new path exists',
};

export function unsupportedOperationError(
  calls: FileSystemCalls,
  operation: Operation,
  from: AbsolutePath,
  to: AbsolutePath,
): SaveError {
  const message = `${subjectOf(calls)} has no atomic ${OPERATION_TEXT[operation]}: '${from}' -> '${to}'`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'rename', path: from, dest: to });
}

export function notADirectoryError(path: AbsolutePath): SaveError {
  return systemError({
    errno: constants.errno.ENOTDIR,
    syscall: 'open',
    path,
    hint: 'only a directory is replaced by a directory; replaceSymlink changes the target of a symbolic link',
  });
}

export function unsupportedReplacementError(
  calls: FileSystemCalls,
  staged: AbsolutePath,
  path: AbsolutePath,
): SaveError {
  const message = `${subjectOf(calls)} has no atomic exchange of two directories: '${staged}' -> '${path}'`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, {
    syscall: 'rename',
    path: staged,
    dest: path,
  });
}

/** @param mountPoint a path inside one of the trees. */
export function nestedMountPointError(mountPoint: Buffer): SaveError {
  return systemError({
    errno: constants.errno.EBUSY,
    syscall: 'rename',
    path: mountPoint,
    hint: 'it is a mount point and would move with the directory that contains it',
  });
}

function subjectOf(calls: FileSystemCalls): string {
  return calls.name === 'portable' ? 'The portable engine' : 'The filesystem';
}

/** Makes a call. Its error names these paths. */
export function* withPaths<T>(call: Steps<T>, path: AbsolutePath, dest?: AbsolutePath): Steps<T> {
  try {
    return yield* call;
  } catch (error) {
    throw errorWithPaths(error, path, dest);
  }
}

/**
 * The error of a call, with these paths.
 *
 * @param sameMount whether the call was on two paths of one mount. What is not renamed there is a directory of a lower
 *   layer (Documentation/filesystems/overlayfs.rst, redirect_dir).
 */
export function errorWithPaths(
  error: unknown,
  path: AbsolutePath,
  dest?: AbsolutePath,
  sameMount = false,
): unknown {
  if (!isError(error) || 'published' in error) return error;
  const hint = 'an overlay cannot rename a directory of a lower layer';
  // The call may have been made with other paths than the caller gave.
  return toSaveError(Object.assign(error, { path: path.toString(), dest: dest?.toString() }), {
    path,
    ...(sameMount && failedWith(error, 'EXDEV') && { hint }),
  });
}

/** Runs steps. Their error says in `published` whether they had published anything. */
export function* withPublishedState<T>(
  path: AbsolutePath,
  steps: (outcome: { published: boolean }) => Steps<T>,
): Steps<T> {
  const outcome = { published: false };
  try {
    return yield* steps(outcome);
  } catch (error) {
    throw toSaveError(error, { path, published: outcome.published });
  }
}
