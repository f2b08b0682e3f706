import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { type SaveError, type SystemFailure, systemError } from './errors.js';
import type { AbsolutePath } from './path.js';

/** Whether a call failed with one of these errors. */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  // Deno gives some errors of its `fs` a code and nothing else.
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && codes.includes(code);
}

/** The codes of what does not exist here, as opposed to having failed. */
export const UNSUPPORTED = ['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOTTY'] as const;

export const MOUNT_POINT_HINT =
  'it is a mount point, such as a single file mounted into a container; nothing can be renamed over it';

export function mountPointError(syscall: string, path: AbsolutePath, dest?: AbsolutePath): SaveError {
  const where = { syscall, path, ...(dest !== undefined && { dest }) };
  return systemError({ errno: constants.errno.EBUSY, ...where, hint: MOUNT_POINT_HINT });
}

/** By name, as Node numbers them: on Windows those are not the C library's. */
const numbers = new Map([...getSystemErrorMap()].map(([number, [code]]) => [code, -number]));

/** The error that a system call would have given, had it been made. */
export function refusal(
  code: 'EBUSY' | 'EEXIST' | 'EINVAL' | 'EIO' | 'EISDIR' | 'ELOOP' | 'ENOENT' | 'EXDEV',
  syscall: string,
  path: AbsolutePath,
  dest?: AbsolutePath,
): Error {
  return systemError({ errno: numbers.get(code) ?? 0, syscall, path, ...(dest !== undefined && { dest }) });
}

/** What a call of Node's `fs` would have thrown; `failure` makes of it what a save rejects with. */
export function failedCall(code: 'EINVAL' | 'ENOTDIR', syscall: string): Error {
  return Object.assign(new Error(code), { code, errno: -(numbers.get(code) ?? 0), syscall });
}

/** What an error of Node's `fs` does not say by itself. */
interface Circumstances {
  /** The path that was asked for: most calls are made with a descriptor, whose errors name no path. */
  path: AbsolutePath;
  published?: boolean;
  /** Instead of the call that was made, which the caller of a save does not expect. */
  syscall?: string;
  hint?: string;
}

const OTHER_PATHS: ReadonlySet<string> = new Set(['rename', 'link', 'symlink', 'unlink', 'mkdir']);

/**
 * Makes the error that a save rejects with from whatever one of its steps threw. Only the calls that are about other
 * paths than the target keep their own: `rename`, `link`, `symlink` and `unlink` (of the temporary) and `mkdir` (the directory).
 */
export function toSaveError(error: unknown, { path, published, syscall, hint }: Circumstances): unknown {
  if (!isSystemError(error) || 'published' in error) return error;
  const known: SystemFailure = { errno: Math.abs(error.errno), syscall: syscall ?? error.syscall, path };
  if (OTHER_PATHS.has(error.syscall) && error.path !== undefined) known.path = error.path;
  if (error.dest !== undefined) known.dest = error.dest;
  if (published !== undefined) known.published = published;
  if (hint !== undefined) known.hint = hint;
  return systemError(known);
}

interface NodeSystemError extends Error {
  errno: number;
  code: string;
  syscall: string;
  path?: string;
  dest?: string;
}

function isSystemError(error: unknown): error is NodeSystemError {
  return error instanceof Error && 'errno' in error && 'syscall' in error && 'code' in error;
}
