import { constants } from 'node:os';
import { indelibleError, type SaveError, systemError } from '../base/errors.js';
import { toSaveError } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import type { FileSystemCalls } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';

/** What the steps in this folder are refused with. */

export function notASymlink(path: AbsolutePath): SaveError {
  const message = `Not a symbolic link, and nothing else is replaced by one: '${path}'`;
  return indelibleError('ERR_INDELIBLE_NOT_A_SYMLINK', message, { syscall: 'lstat', path });
}

export function namesNotDurable(path: AbsolutePath): SaveError {
  const message = `The filesystem cannot make the name '${path}' as durable as was asked for`;
  return indelibleError('ERR_INDELIBLE_NOT_DURABLE', message, { syscall: 'open', path });
}

/** What is done to names in one step. */
export type Operation = 'exchange' | 'renameExclusive';

const CANNOT: Readonly<Record<Operation, string>> = {
  exchange: 'exchange two names',
  renameExclusive: 'rename only if the new name is free',
};

export function unsupportedOperation(
  calls: FileSystemCalls,
  operation: Operation,
  from: AbsolutePath,
  to: AbsolutePath,
): SaveError {
  const message = `${whoCannot(calls)} cannot ${CANNOT[operation]} in one step: '${from}' -> '${to}'`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'rename', path: from, dest: to });
}

export function notADirectory(path: AbsolutePath): SaveError {
  return systemError({
    errno: constants.errno.ENOTDIR,
    syscall: 'open',
    path,
    hint: 'only a directory is replaced by one; a symbolic link is pointed elsewhere with replaceSymlink',
  });
}

export function unsupportedDirectoryReplacement(
  calls: FileSystemCalls,
  staged: AbsolutePath,
  path: AbsolutePath,
): SaveError {
  const message = `${whoCannot(calls)} cannot exchange two directories in one step: '${staged}' -> '${path}'`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, {
    syscall: 'rename',
    path: staged,
    dest: path,
  });
}

/** @param point is where, inside one of the trees. */
export function mountPointInside(point: Buffer): SaveError {
  return systemError({
    errno: constants.errno.EBUSY,
    syscall: 'rename',
    path: point,
    hint: 'it is a mount point, and would move with the directory that it is in',
  });
}

function whoCannot(calls: FileSystemCalls): string {
  return calls.name === 'portable' ? 'The portable engine' : 'The filesystem';
}

/** Makes a call whose error names these paths. */
export function* withPaths<T>(call: Steps<T>, path: AbsolutePath, dest?: AbsolutePath): Steps<T> {
  try {
    return yield* call;
  } catch (error) {
    throw pathsOf(error, path, dest);
  }
}

/** The error of a call, about these paths. */
export function pathsOf(error: unknown, path: AbsolutePath, dest?: AbsolutePath): unknown {
  if (!(error instanceof Error) || 'published' in error) return error;
  // Those that the call was made with are not always those that were asked for.
  return toSaveError(Object.assign(error, { path: path.toString(), dest: dest?.toString() }), { path });
}

/** Runs steps whose error tells whether they had published anything by then. */
export function* tellingPublished<T>(
  path: AbsolutePath,
  steps: (outcome: { published: boolean }) => Steps<T>,
): Steps<T> {
  const outcome = { published: false };
  try {
    return yield* steps(outcome);
  } catch (error) {
    const told = toSaveError(error, { path });
    if (told instanceof Error && 'published' in told) told.published = outcome.published;
    throw told;
  }
}
