import { isUtf8 } from 'node:buffer';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { indelibleError } from '../../base/errors.js';
import { type Steps, step } from '../steps.js';

// The file system calls of the portable engine, one `fs` function each. Paths are bytes, as in the kernel.

/**
 * A string if the path is valid UTF-8: Windows has no byte paths, and Node adds its long-path prefix only to
 * strings.
 *
 * @throws {SaveError} `ERR_INDELIBLE_UNSUPPORTED` in Deno, where an `fs.mkdir` with a path of bytes never
 *   completes.
 */
function forNode(path: Buffer): string | Buffer {
  if (process.platform === 'win32' || isUtf8(path)) return path.toString();
  if (process.versions.deno === undefined) return path;
  const message = `Deno's fs supports only UTF-8 paths: '${path}'`;
  throw indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'open', path });
}

const asynchronous = {
  close: promisify(fs.close),
  fchmod: promisify(fs.fchmod),
  fchown: promisify(fs.fchown),
  fdatasync: promisify(fs.fdatasync),
  fstat: promisify(fs.fstat),
  fsync: promisify(fs.fsync),
  link: promisify(fs.link),
  lstat: promisify(fs.lstat),
  mkdir: promisify(fs.mkdir),
  open: promisify(fs.open),
  read: promisify(fs.read),
  readdir: promisify(fs.readdir),
  readlink: promisify(fs.readlink),
  realpath: promisify(fs.realpath.native),
  rename: promisify(fs.rename),
  rmdir: promisify(fs.rmdir),
  stat: promisify(fs.stat),
  statfs: promisify(fs.statfs),
  symlink: promisify(fs.symlink),
  unlink: promisify(fs.unlink),
  write: promisify(fs.write),
};

export function open(path: Buffer, flags: number, mode?: number): Steps<number> {
  return step(
    () => fs.openSync(forNode(path), flags, mode),
    () => asynchronous.open(forNode(path), flags, mode),
  );
}

export function close(descriptor: number): Steps<void> {
  return step(
    () => fs.closeSync(descriptor),
    () => asynchronous.close(descriptor),
  );
}

/** One write at the file's current position. It may write fewer bytes. Node repeats it after `EINTR`. */
export function write(descriptor: number, data: Uint8Array, offset: number, length: number): Steps<number> {
  return step(
    () => fs.writeSync(descriptor, data, offset, length, null),
    async () => (await asynchronous.write(descriptor, data, offset, length, null)).bytesWritten,
  );
}

export function fstat(descriptor: number): Steps<fs.Stats> {
  return step(
    () => fs.fstatSync(descriptor),
    () => asynchronous.fstat(descriptor),
  );
}

/** With exact numbers: a `Stats` has no nanoseconds. */
export function fstatExactly(descriptor: number): Steps<fs.BigIntStats> {
  return step(
    () => fs.fstatSync(descriptor, { bigint: true }),
    () => asynchronous.fstat(descriptor, { bigint: true }),
  );
}

/** One read at the file's current position. Returns 0 at the end of the file. */
export function read(descriptor: number, into: Uint8Array, offset: number): Steps<number> {
  return step(
    () => fs.readSync(descriptor, into, offset, into.length - offset, null),
    async () => (await asynchronous.read(descriptor, into, offset, into.length - offset, null)).bytesRead,
  );
}

export function fchown(descriptor: number, uid: number, gid: number): Steps<void> {
  return step(
    () => fs.fchownSync(descriptor, uid, gid),
    () => asynchronous.fchown(descriptor, uid, gid),
  );
}

export function fchmod(descriptor: number, mode: number): Steps<void> {
  return step(
    () => fs.fchmodSync(descriptor, mode),
    () => asynchronous.fchmod(descriptor, mode),
  );
}

export function fdatasync(descriptor: number): Steps<void> {
  return step(
    () => fs.fdatasyncSync(descriptor),
    () => asynchronous.fdatasync(descriptor),
  );
}

export function fsync(descriptor: number): Steps<void> {
  return step(
    () => fs.fsyncSync(descriptor),
    () => asynchronous.fsync(descriptor),
  );
}

export function lstat(path: Buffer): Steps<fs.Stats> {
  return step(
    () => fs.lstatSync(forNode(path)),
    () => asynchronous.lstat(forNode(path)),
  );
}

export function lstatExactly(path: Buffer): Steps<fs.BigIntStats> {
  return step(
    () => fs.lstatSync(forNode(path), { bigint: true }),
    () => asynchronous.lstat(forNode(path), { bigint: true }),
  );
}

export function stat(path: Buffer): Steps<fs.Stats> {
  return step(
    () => fs.statSync(forNode(path)),
    () => asynchronous.stat(forNode(path)),
  );
}

/** With exact numbers. */
export function statExactly(path: Buffer): Steps<fs.BigIntStats> {
  return step(
    () => fs.statSync(forNode(path), { bigint: true }),
    () => asynchronous.stat(forNode(path), { bigint: true }),
  );
}

export function statfs(path: Buffer): Steps<fs.StatsFs> {
  return step(
    () => fs.statfsSync(forNode(path)),
    () => asynchronous.statfs(forNode(path)),
  );
}

export function readdir(path: Buffer): Steps<Buffer[]> {
  return step(
    () => fs.readdirSync(forNode(path), 'buffer'),
    () => asynchronous.readdir(forNode(path), 'buffer'),
  );
}

/** Deno always returns a string. */
export function readlink(path: Buffer): Steps<Buffer> {
  return step(
    () => Buffer.from(fs.readlinkSync(forNode(path), 'buffer')),
    async () => Buffer.from(await asynchronous.readlink(forNode(path), 'buffer')),
  );
}

export function realpath(path: Buffer): Steps<string> {
  return step(
    () => fs.realpathSync.native(forNode(path)),
    () => asynchronous.realpath(forNode(path)),
  );
}

export function mkdir(path: Buffer, mode: number): Steps<void> {
  return step(
    () => fs.mkdirSync(forNode(path), mode),
    () => asynchronous.mkdir(forNode(path), mode),
  );
}

export function rename(from: Buffer, to: Buffer): Steps<void> {
  return step(
    () => fs.renameSync(forNode(from), forNode(to)),
    () => asynchronous.rename(forNode(from), forNode(to)),
  );
}

export function rmdir(path: Buffer): Steps<void> {
  return step(
    () => fs.rmdirSync(forNode(path)),
    () => asynchronous.rmdir(forNode(path)),
  );
}

export function link(from: Buffer, to: Buffer): Steps<void> {
  return step(
    () => fs.linkSync(forNode(from), forNode(to)),
    () => asynchronous.link(forNode(from), forNode(to)),
  );
}

export function symlink(target: Buffer, path: Buffer): Steps<void> {
  return step(
    () => fs.symlinkSync(forNode(target), forNode(path)),
    () => asynchronous.symlink(forNode(target), forNode(path)),
  );
}

export function unlink(path: Buffer): Steps<void> {
  return step(
    () => fs.unlinkSync(forNode(path)),
    () => asynchronous.unlink(forNode(path)),
  );
}

// O_NOFOLLOW and O_NONBLOCK are missing on Windows. Another program may have put a FIFO there, which must not
// block.
const NO_FOLLOW_OR_BLOCK = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);
// FlushFileBuffers needs write access. fdatasync(2) does not, and files without write permission must be
// synced too.
const SYNC_ACCESS = process.platform === 'win32' ? fs.constants.O_RDWR : fs.constants.O_RDONLY;

/** Opens a file for reading, without following a symbolic link at the path. */
export function openToRead(path: Buffer): Steps<number> {
  return open(path, fs.constants.O_RDONLY | NO_FOLLOW_OR_BLOCK);
}

/** The same, for a sync of the file. */
export function openToSync(path: Buffer): Steps<number> {
  return open(path, SYNC_ACCESS | NO_FOLLOW_OR_BLOCK);
}
