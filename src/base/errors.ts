import { constants } from 'node:os';
import { getSystemErrorMap, inspect } from 'node:util';

/**
 * An error of a save, in the form of Node's `fs`: `code`, `errno`, `syscall`, `path` and `dest`, with a message
 * like `ENOSPC: no space left on device, write '/x/y'`.
 */
export interface SaveError extends NodeJS.ErrnoException {
  /** The second path of a call that takes two (`rename`, `link`). */
  dest?: string;
  /**
   * Whether the new content already stands under the path. `true` only when a step *after* the rename failed (the
   * directory's sync, say): readers see the new version, but it may not survive power loss.
   */
  published: boolean;
}

/** What the failed system call knows; the message is made of it. */
export interface SystemFailure {
  /** Positive: the C library's `errno`, or what Node has in its place on Windows. */
  errno: number;
  syscall: string;
  path?: string | Buffer;
  dest?: string | Buffer;
  published?: boolean;
  /** One clause more, where the bare error would leave the reader puzzled. */
  hint?: string;
}

/** Makes the error that Node's `fs` would have thrown for the same failed system call. */
export function systemError(failure: SystemFailure): SaveError {
  const { code, text, errno } = describeErrno(failure.errno);
  let message = `${code}: ${text}, ${failure.syscall}`;
  const fields: Partial<SaveError> = { errno, code, syscall: failure.syscall };
  if (failure.path !== undefined) {
    fields.path = failure.path.toString();
    message += ` '${fields.path}'`;
  }
  if (failure.dest !== undefined) {
    fields.dest = failure.dest.toString();
    message += ` -> '${fields.dest}'`;
  }
  if (failure.hint !== undefined) message += ` (${failure.hint})`;
  return Object.assign(new Error(message), fields, { published: failure.published ?? false });
}

/** What a save can meet and libuv has no name for. */
const UNNAMED: Readonly<Record<string, string>> = {
  EDQUOT: 'disk quota exceeded',
  ENOLCK: 'no locks available',
  ESTALE: 'stale file handle',
};

/** @param errno libuv's number, or the C library's, which is another one on Windows. */
function describeErrno(errno: number): { code: string; text: string; errno: number } {
  const known = getSystemErrorMap();
  const named = known.get(-errno);
  if (named !== undefined) return { code: named[0], text: named[1], errno: -errno };
  const code = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `E${errno}`;
  const [number, entry] = [...known].find(([, [name]]) => name === code) ?? [-errno, undefined];
  return { code, text: entry?.[1] ?? UNNAMED[code] ?? `unknown error ${errno}`, errno: number };
}

/** The library's own codes, for what no `errno` says. */
export type IndelibleErrorCode =
  /** An update found that somebody else had changed the file after it was read. */
  | 'ERR_INDELIBLE_CHANGED'
  /** A `Saver` or a `TemporaryFile` was used after `close`. */
  | 'ERR_INDELIBLE_CLOSED'
  /** Another update has had the file's lock for longer than this one would wait. */
  | 'ERR_INDELIBLE_LOCKED'
  /** A FIFO, socket or device stands under the path; only regular files are replaced. */
  | 'ERR_INDELIBLE_NOT_A_FILE'
  /** Something stands under the path, and only a symbolic link would be replaced. */
  | 'ERR_INDELIBLE_NOT_A_SYMLINK'
  /** With `strict`: the filesystem under the path cannot give the durability that was asked for. */
  | 'ERR_INDELIBLE_NOT_DURABLE'
  /** The engine or the filesystem has no atomic way to do this, and it is not emulated by one that is not. */
  | 'ERR_INDELIBLE_UNSUPPORTED';

/** An error with one of the library's own codes. Nothing has been published when it is thrown. */
export function indelibleError(
  code: IndelibleErrorCode,
  message: string,
  where: { syscall?: string; path?: string | Buffer; dest?: string | Buffer; cause?: unknown } = {},
): SaveError {
  const error = new Error(message, where.cause === undefined ? undefined : { cause: where.cause });
  return Object.assign(error, {
    code,
    ...(where.syscall !== undefined && { syscall: where.syscall }),
    ...(where.path !== undefined && { path: where.path.toString() }),
    ...(where.dest !== undefined && { dest: where.dest.toString() }),
    published: false,
  });
}

/** The error with which Node's own calls reject when their `signal` is aborted. */
export function abortError(signal: AbortSignal): SaveError {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  return Object.assign(error, { code: 'ABORT_ERR', published: false });
}

/** `ERR_INVALID_ARG_TYPE`, saying what was expected and what came, in Node's words. */
export function invalidArgumentType(name: string, expected: string, received: unknown): TypeError {
  const message = `The ${subject(name)} must be ${expected}. Received ${describe(received)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** `ERR_INVALID_ARG_VALUE`: the type is right, the value is not. */
export function invalidArgumentValue(name: string, expected: string, received: unknown): TypeError {
  const message = `The ${subject(name)} must be ${expected}. Received ${inspectBriefly(received)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}

/** The same for a number outside its range, which Node reports as a `RangeError`. */
export function outOfRange(name: string, expected: string, received: unknown): RangeError {
  const message = `The ${subject(name)} must be ${expected}. Received ${inspectBriefly(received)}`;
  return Object.assign(new RangeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}

function subject(name: string): string {
  if (/^INDELIBLE_/.test(name)) return `${name} environment variable`;
  return name.includes('.') ? `"${name}" property` : `"${name}" argument`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== '' ? `an instance of ${name}` : inspect(value, { depth: -1 });
  }
  return `type ${typeof value} (${inspectBriefly(value)})`;
}

function inspectBriefly(value: unknown): string {
  let text: string;
  try {
    text = inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    // A view of a lost buffer cannot even be looked at.
    return Object.prototype.toString.call(value);
  }
  return text.length > 128 ? `${text.slice(0, 128)}...` : text;
}
