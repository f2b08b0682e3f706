import { sep } from 'node:path';
import type { AbsolutePath } from './path.js';

// Paths as bytes, split and joined without decoding: on POSIX a name need not be valid UTF-8.

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

export function bytesOfPath(path: AbsolutePath): Buffer {
  return typeof path === 'string' ? Buffer.from(path) : path;
}

/** Whether the path can name a directory only: it ends in a separator, `.` or `..`. */
export function namesDirectory(path: Buffer): boolean {
  let end = path.length;
  while (end > 0 && path.length - end < 2 && path[end - 1] === 0x2e) end -= 1;
  return end === 0 || isSeparator(path[end - 1]);
}

export function withoutTrailingSeparators(path: Buffer): Buffer {
  let end = path.length;
  while (end > rootLength(path) && isSeparator(path[end - 1])) end -= 1;
  return path.subarray(0, end);
}

/** The path without its last component. The root and `.` are their own parents. */
export function parentOf(path: Buffer): Buffer {
  const whole = withoutTrailingSeparators(path);
  let end = whole.length;
  while (end > rootLength(path) && !isSeparator(whole[end - 1])) end -= 1;
  return end === 0 ? Buffer.from('.') : withoutTrailingSeparators(whole.subarray(0, end));
}

/** The last component. */
export function nameOf(path: Buffer): Buffer {
  const whole = withoutTrailingSeparators(path);
  let start = whole.length;
  while (start > rootLength(path) && !isSeparator(whole[start - 1])) start -= 1;
  return whole.subarray(start);
}

export function inDirectory(directory: Buffer, name: string | Buffer): Buffer {
  const separator = isSeparator(directory.at(-1)) ? '' : sep;
  return Buffer.concat([directory, Buffer.from(separator), Buffer.from(name)]);
}

/** Where a symbolic link leads, from the directory that it is in. */
export function linkTarget(link: Buffer, content: Buffer): Buffer {
  return rootLength(content) > 0 ? content : inDirectory(parentOf(link), content);
}

/**
 * The key of a path in the path queues. Two paths with the same key name the same file. `..` is left alone,
 * since behind a symbolic link only the kernel knows where it leads.
 */
export function queueKey(path: AbsolutePath): string {
  // Latin-1 maps every byte to one character, so different bytes give different keys.
  return bytesOfPath(path)
    .toString('latin1')
    .replace(/\/+(?:\.\/+)*/g, '/');
}

/** `/` on POSIX; `C:\` or the first separator of `\\server\share` on Windows. 0 for a relative path. */
function rootLength(path: Buffer): number {
  if (isSeparator(path[0])) return 1;
  return process.platform === 'win32' && path[1] === COLON && isSeparator(path[2]) ? 3 : 0;
}

function isSeparator(byte: number | undefined): boolean {
  return byte === SLASH || (byte === BACKSLASH && process.platform === 'win32');
}
