import { win32 } from 'node:path';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { bytesOf } from './data.js';
import { invalidArgumentType, invalidArgumentValue, withPublished } from './errors.js';

/**
 * A path, in any form that Node's `fs` takes. A Buffer may hold bytes that are not UTF-8.
 *
 * @category save
 */
export type PathLike = string | Buffer | URL;

/**
 * An absolute path: a Buffer if the caller gave a Buffer, else a string. It is relative only where the working
 * directory has no path that the system takes.
 *
 * @category save
 */
export type AbsolutePath = string | Buffer;

const SLASH = 0x2f;

/** The length of the longest path, with its end (limits.h). */
const PATH_MAX = process.platform === 'linux' ? 4096 : 1024;

/**
 * Makes a path absolute against the current working directory. A later `chdir` does not change it.
 *
 * The path stays relative if its absolute form is too long for the system, or if the working directory was
 * removed: then the system calls decide, as those of `fs` do.
 *
 * On POSIX nothing else is changed: the kernel resolves `..` behind a symbolic link, and a trailing slash
 * still requires a directory.
 *
 * @param name the argument's name, for the error message.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, or `ERR_INVALID_ARG_VALUE` for an embedded NUL byte.
 */
export function absolutePath(path: PathLike, name: string): AbsolutePath {
  const given = validatedPath(path, name);
  // An empty path stays empty (ENOENT). It must not become the working directory.
  if (given.length === 0) return given;
  if (process.platform === 'win32') {
    return typeof given === 'string' ? absoluteOnWindows(given) : Buffer.from(absoluteOnWindows(`${given}`));
  }
  if (given[0] === SLASH || given[0] === '/') return given;
  const directory = workingDirectory();
  if (directory === undefined || Buffer.byteLength(directory) + Buffer.byteLength(given) + 1 >= PATH_MAX)
    return given;
  if (typeof given === 'string') return `${directory}/${given}`;
  return Buffer.concat([Buffer.from(`${directory}/`), given]);
}

/** `undefined` if it has no path: it was removed, or is deeper than the system's longest path. */
function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** Checks a path. A relative path stays relative. Throws as `absolutePath` does. */
export function validatedPath(path: PathLike, name: string): string | Buffer {
  const given = withoutURL(path);
  if (typeof given === 'string') {
    if (given.includes('\0')) throw invalidArgumentValue(name, 'a path without null bytes', given);
    return given;
  }
  if (types.isUint8Array(given)) {
    const bytes = Buffer.from(bytesOf(given, 'utf8'));
    if (bytes.includes(0)) throw invalidArgumentValue(name, 'a path without null bytes', given);
    return bytes;
  }
  throw invalidArgumentType(name, 'of type string or an instance of Buffer or URL', path);
}

/** Node's own error for a URL that is no file's path says, like all others, that nothing was published. */
function withoutURL(path: PathLike): string | Buffer {
  try {
    return isURL(path) ? fileURLToPath(path) : path;
  } catch (error) {
    throw withPublished(error, false);
  }
}

/**
 * What Node's `fs` takes for a URL (lib/internal/url.js, isURL): also a URL of another realm or of a package.
 * The last two tell it from the result of `url.parse`.
 */
function isURL(path: unknown): path is URL {
  if (typeof path !== 'object' || path === null) return false;
  const { href, protocol, pathname, auth, path: legacyPath }: UrlLike = path;
  const isLike = Boolean(href && protocol) && auth === undefined && legacyPath === undefined;
  return isLike && typeof pathname === 'string';
}

interface UrlLike {
  href?: unknown;
  protocol?: unknown;
  pathname?: unknown;
  auth?: unknown;
  path?: unknown;
}

/**
 * Windows resolves `..` as text in every path. A path that requires a directory still ends in a separator.
 */
export function absoluteOnWindows(path: string): string {
  const absolute = win32.resolve(path);
  return /(^|[\\/])\.{0,2}$/.test(path) && !absolute.endsWith('\\') ? `${absolute}\\` : absolute;
}
