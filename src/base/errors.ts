import { constants } from 'node:os';
import { getSystemErrorMap, inspect, types } from 'node:util';

/**
 * An error of a save, in the form of Node's `fs`: `code`, `errno`, `syscall`, `path` and `dest`, with a
 * message like `ENOSPC: no space left on device, write '/x/y'`.
 *
 * @category Errors
 */
export interface SaveError extends NodeJS.ErrnoException {
  /** The second path of a call that takes two (`rename`, `link`). */
  dest?: string;
  /**
   * Whether the new content is already at the path. `true` only if a step *after* the rename failed (for
   * example the sync of the directory): readers see the new version, but it may not survive power loss.
   */
  published: boolean;
}

/** The details of a failed system call. The error message is made from them. */
export interface SystemFailure {
  /** Positive: the C library's `errno`; on Windows Node's number. */
  errno: number;
  syscall: string;
  path?: string | Buffer;
  dest?: string | Buffer;
  published?: boolean;
  /** An explanation that is added to the message, where the error alone would be hard to understand. */
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

/** Errors that a save can meet and that libuv has no name for. */
const UNKNOWN_TO_LIBUV: Readonly<Record<string, string>> = {
  EDQUOT: 'disk quota exceeded',
  ENOLCK: 'no locks available',
  ESTALE: 'stale file handle',
};

/** @param errno libuv's number or the C library's. On Windows the two differ. */
function describeErrno(errno: number): { code: string; text: string; errno: number } {
  const known = getSystemErrorMap();
  const named = known.get(-errno);
  if (named !== undefined) return { code: named[0], text: named[1], errno: -errno };
  const code = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `E${errno}`;
  const [number, entry] = [...known].find(([, [name]]) => name === code) ?? [-errno, undefined];
  return { code, text: entry?.[1] ?? UNKNOWN_TO_LIBUV[code] ?? `unknown error ${errno}`, errno: number };
}

/**
 * Says in the error of a call whether the call had published anything. An error of the caller's own code, such
 * as that of a data source, passes through the call and says it too.
 *
 * @returns the same error.
 */
export function withPublished<T>(error: T, published: boolean): T {
  if (!isError(error)) return error;
  if ('published' in error && !published) return error;
  // A frozen error, or one with an accessor.
  Reflect.set(error, 'published', published);
  return error;
}

/**
 * The library's own error codes, for conditions that have no `errno`.
 *
 * @category Errors
 */
export type IndelibleErrorCode =
  /** Another program modified the file after an update had read it. */
  | 'ERR_INDELIBLE_CHANGED'
  /** A `Saver` or a `TemporaryFile` was used after `close`. */
  | 'ERR_INDELIBLE_CLOSED'
  /** Another update held the file's lock for longer than the timeout. */
  | 'ERR_INDELIBLE_LOCKED'
  /** The path leads to a FIFO, socket or device. Only regular files are replaced. */
  | 'ERR_INDELIBLE_NOT_A_FILE'
  /** The path exists and is not a symbolic link. Only a symbolic link would be replaced. */
  | 'ERR_INDELIBLE_NOT_A_SYMLINK'
  /** With `strict`: the filesystem cannot give the requested durability. */
  | 'ERR_INDELIBLE_NOT_DURABLE'
  /**
   * The engine or the filesystem has no atomic way to do this. It is not emulated by steps that are not
   * atomic.
   */
  | 'ERR_INDELIBLE_UNSUPPORTED';

/** An error with one of the library's own codes. By default, nothing was published. */
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

/**
 * Whether it is an error, also one of another realm: in a `vm` context, such as Jest's, the errors of Node's
 * `fs` are no instances of that context's `Error`.
 */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** `ERR_INVALID_ARG_TYPE`, with the expected and the received type, in Node's words. */
export function invalidArgumentType(name: string, expected: string, received: unknown): TypeError {
  const message = `The ${describeName(name)} must be ${expected}. Received ${describeValue(received)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE', published: false });
}

/** `ERR_INVALID_ARG_VALUE`: the type is right and the value is wrong. */
export function invalidArgumentValue(name: string, expected: string, received: unknown): TypeError {
  const message = `The ${describeName(name)} must be ${expected}. Received ${inspectBriefly(received)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE', published: false });
}

/**
 * `ERR_OUT_OF_RANGE`, in Node's words.
 *
 * @param range such as `>= 0 && <= 10` or `an integer`.
 */
export function outOfRange(name: string, range: string, received: number): RangeError {
  // Node separates the digits of large numbers only (lib/internal/errors.js).
  const numericSeparator = Math.abs(received) > 2 ** 32 && Number.isInteger(received);
  const number = inspect(received, { numericSeparator });
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${number}`;
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE', published: false });
}

/** Checks an integer as Node's `fs` does. */
export function checkedInteger(name: string, value: unknown, highest: number): number {
  if (typeof value !== 'number') throw invalidArgumentType(name, 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < 0 || value > highest) throw outOfRange(name, `>= 0 && <= ${highest}`, value);
  return value;
}

function describeName(name: string): string {
  if (/^INDELIBLE_/.test(name)) return `${name} environment variable`;
  return name.includes('.') ? `"${name}" property` : `"${name}" argument`;
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') return describeObject(value);
  return `type ${typeof value} (${inspectBriefly(value)})`;
}

function describeObject(value: object): string {
  try {
    // Its traps may throw, and what it is a Proxy of is not what it is.
    if (types.isProxy(value)) return 'a Proxy';
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== '' ? `an instance of ${name}` : inspect(value, { depth: -1 });
  } catch {
    return 'an object';
  }
}

function inspectBriefly(value: unknown): string {
  let text: string;
  try {
    text = inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    // Inspecting a view of a detached buffer throws.
    return types.isProxy(value) ? 'a Proxy' : Object.prototype.toString.call(value);
  }
  return text.length > 128 ? `${text.slice(0, 128)}...` : text;
}
