import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { isError, type SaveError, type SystemFailure, systemError, withPublished } from './errors.js';
import type { AbsolutePath } from './path.js';

/** Whether a call failed with one of these codes. */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  // Some errors of Deno's `fs` have a code and no other property.
  const code = isError(error) && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && codes.includes(code);
}

/**
 * The codes of calls that are not available on this system or filesystem. They do not mean that the call
 * failed.
 */
export const UNSUPPORTED = ['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOTTY'] as const;

/** Explanations that are added to the message of a system error. */
export const HINTS = {
  'mount-point':
    'it is a mount point, such as a single file mounted into a container; nothing can be renamed over it',
  'foreign-link':
    'in a sticky directory that others may write, a link is followed only if it has one name and belongs to ' +
    'this user or to the owner of the directory',
  'foreign-file':
    'in a sticky directory that others may write, the file of another user is replaced only with the option ' +
    'owner',
  'wrong-target': 'the link leads to another file than its text',
} as const;

export function mountPointError(syscall: string, path: AbsolutePath, dest?: AbsolutePath): SaveError {
  const where = { syscall, path, ...(dest !== undefined && { dest }) };
  return systemError({ errno: constants.errno.EBUSY, ...where, hint: HINTS['mount-point'] });
}

/** Node's numbers. On Windows they differ from the C library's. */
const errnoByCode = new Map([...getSystemErrorMap()].map(([number, [code]]) => [code, -number]));

/** The error of a system call that is refused before it is made. */
export function refusal(
  code: 'EBUSY' | 'EEXIST' | 'EINVAL' | 'EIO' | 'EISDIR' | 'ELOOP' | 'ENOENT' | 'EXDEV',
  syscall: string,
  path: AbsolutePath,
  dest?: AbsolutePath,
  hint?: string,
): Error {
  return systemError({
    errno: errnoByCode.get(code) ?? 0,
    syscall,
    path,
    ...(dest !== undefined && { dest }),
    ...(hint !== undefined && { hint }),
  });
}

/**
 * The error that a call of Node's `fs` would throw. `toSaveError` turns it into the error that a save rejects
 * with.
 */
export function failedCall(
  code: 'EACCES' | 'EINVAL' | 'ENOTDIR' | 'EPERM',
  syscall: string,
  hint?: string,
): Error {
  const errno = -(errnoByCode.get(code) ?? 0);
  return Object.assign(new Error(code), { code, errno, syscall, ...(hint !== undefined && { hint }) });
}

/** Details that an error of Node's `fs` does not have. */
interface ErrorContext {
  /** The path that the caller gave. Most calls are made with a descriptor, and their errors name no path. */
  path: AbsolutePath;
  published?: boolean;
  /** Replaces the name of the call that was made, where the caller of a save would not expect that one. */
  syscall?: string;
  hint?: string;
}

const CALLS_WITH_OWN_PATHS: ReadonlySet<string> = new Set(['rename', 'link', 'symlink', 'unlink', 'mkdir']);

/**
 * Makes the error that a save rejects with from an error of one of its steps. Calls on other paths than the
 * target keep their own path: `rename`, `link`, `symlink` and `unlink` (of the temporary) and `mkdir` (of the
 * directory).
 */
export function toSaveError(error: unknown, { path, published, syscall, hint }: ErrorContext): unknown {
  if (isError(error) && !('published' in error) && failedWith(error, 'ERR_ACCESS_DENIED')) {
    // Of Node's permission model. Its `resource` is the path that was refused, perhaps that of the temporary.
    return Object.assign(error, { path: path.toString(), published: published ?? false });
  }
  if (!isSystemError(error) || 'published' in error) return withPublished(error, published ?? false);
  const known: SystemFailure = { errno: Math.abs(error.errno), syscall: syscall ?? error.syscall, path };
  if (CALLS_WITH_OWN_PATHS.has(error.syscall) && error.path !== undefined) known.path = error.path;
  if (error.dest !== undefined) known.dest = error.dest;
  if (published !== undefined) known.published = published;
  const explanation = hint ?? error.hint;
  if (explanation !== undefined) known.hint = explanation;
  return systemError(known);
}

interface NodeSystemError extends Error {
  errno: number;
  code: string;
  syscall: string;
  path?: string;
  dest?: string;
  /** Only of `failedCall`, and of the calls of the addon. */
  hint?: string;
}

function isSystemError(error: unknown): error is NodeSystemError {
  return isError(error) && 'errno' in error && 'syscall' in error && 'code' in error;
}
