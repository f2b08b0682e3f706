import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { indelibleError } from '../../base/errors.js';
import { failedWith } from '../../base/fs-error.js';
import { isRestricted } from '../../base/permission.js';
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

const promises = new WeakMap<object, unknown>();

/**
 * The form of a call that returns a promise. The call is looked up each time: programs and tests replace the
 * functions of `fs` (mock-fs, memfs).
 */
const promised: typeof promisify = ((call: Parameters<typeof promisify>[0]): unknown => {
  const known = promises.get(call);
  if (known !== undefined) return known;
  const made = promisify(call);
  promises.set(call, made);
  return made;
}) as typeof promisify;

/**
 * The open files of asynchronous procedures under Node's permission model, by descriptor. It refuses the sync
 * of a descriptor, and before Node 26 not that of a FileHandle.
 */
const handles = new Map<number, fs.promises.FileHandle>();

/** Whether a FileHandle can be synced under the permission model; `undefined`: not tried yet. */
let handlesSync: boolean | undefined;

export function open(path: Buffer, flags: number, mode?: number): Steps<number> {
  return step(
    () => fs.openSync(forNode(path), flags, mode),
    async () => {
      if (!isRestricted) return await promised(fs.open)(forNode(path), flags, mode);
      const handle = await fs.promises.open(forNode(path), flags, mode);
      handles.set(handle.fd, handle);
      return handle.fd;
    },
  );
}

export function close(descriptor: number): Steps<void> {
  return step(
    () => fs.closeSync(descriptor),
    async () => {
      const handle = handles.get(descriptor);
      handles.delete(descriptor);
      await (handle === undefined ? promised(fs.close)(descriptor) : handle.close());
    },
  );
}

/** One write at the file's current position. It may write fewer bytes. Node repeats it after `EINTR`. */
export function write(descriptor: number, data: Uint8Array, offset: number, length: number): Steps<number> {
  return step(
    () => fs.writeSync(descriptor, data, offset, length, null),
    () =>
      new Promise((resolve, reject) => {
        fs.write(descriptor, data, offset, length, null, (error, written) => {
          if (error) reject(error);
          else resolve(written);
        });
      }),
  );
}

export function fstat(descriptor: number): Steps<fs.Stats> {
  return step(
    () => fs.fstatSync(descriptor),
    () => promised(fs.fstat)(descriptor),
  );
}

/** With exact numbers: a `Stats` has no nanoseconds. */
export function fstatExactly(descriptor: number): Steps<fs.BigIntStats> {
  return step(
    () => fs.fstatSync(descriptor, { bigint: true }),
    () => promised(fs.fstat)(descriptor, { bigint: true }),
  );
}

/** One read at the file's current position. Returns 0 at the end of the file. */
export function read(descriptor: number, into: Uint8Array, offset: number): Steps<number> {
  return step(
    () => fs.readSync(descriptor, into, offset, into.length - offset, null),
    () =>
      new Promise((resolve, reject) => {
        fs.read(descriptor, into, offset, into.length - offset, null, (error, bytesRead) => {
          if (error) reject(error);
          else resolve(bytesRead);
        });
      }),
  );
}

/** Whether attributes are set by `openedPath`, since the permission model refuses fchown and fchmod. */
const changesByPath = isRestricted && process.platform === 'linux';

/**
 * The path by which Linux reaches an open file. The permission model has to allow it, as it does for a process
 * that may write everywhere. The file's own name is no way: in a directory of others it may lead to another
 * file by now.
 */
function openedPath(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

export function fchown(descriptor: number, uid: number, gid: number): Steps<void> {
  return step(
    () =>
      changesByPath ? fs.chownSync(openedPath(descriptor), uid, gid) : fs.fchownSync(descriptor, uid, gid),
    () =>
      changesByPath
        ? promised(fs.chown)(openedPath(descriptor), uid, gid)
        : promised(fs.fchown)(descriptor, uid, gid),
  );
}

export function fchmod(descriptor: number, mode: number): Steps<void> {
  return step(
    () => (changesByPath ? fs.chmodSync(openedPath(descriptor), mode) : fs.fchmodSync(descriptor, mode)),
    () =>
      changesByPath
        ? promised(fs.chmod)(openedPath(descriptor), mode)
        : promised(fs.fchmod)(descriptor, mode),
  );
}

export function fdatasync(descriptor: number): Steps<void> {
  return step(
    () => fs.fdatasyncSync(descriptor),
    async () => await (handles.get(descriptor)?.datasync() ?? promised(fs.fdatasync)(descriptor)),
  );
}

export function fsync(descriptor: number): Steps<void> {
  return step(
    () => fs.fsyncSync(descriptor),
    async () => await (handles.get(descriptor)?.sync() ?? promised(fs.fsync)(descriptor)),
  );
}

/** Whether an open file can be synced in this form of the procedure. Under the permission model it tries. */
export function maySync(descriptor: number): Steps<boolean> {
  return step(
    () => !isRestricted,
    async () => {
      if (!isRestricted) return true;
      handlesSync ??= await syncsHandle(handles.get(descriptor));
      return handlesSync;
    },
  );
}

async function syncsHandle(handle: fs.promises.FileHandle | undefined): Promise<boolean> {
  try {
    await handle?.datasync();
    return handle !== undefined;
  } catch (error) {
    return !isDenied(error);
  }
}

/** Whether the permission model has refused a call. */
export function isDenied(error: unknown): boolean {
  return failedWith(error, 'ERR_ACCESS_DENIED');
}

// O_DSYNC is missing on Windows. On macOS it does not flush the disk's cache, as F_FULLFSYNC does.
const WRITES_THROUGH = process.platform === 'linux' ? fs.constants.O_DSYNC : undefined;

/**
 * The flag with which a new file is opened where its descriptor cannot be synced: each write is then as good
 * as a write and an fdatasync (open(2), O_DSYNC). `undefined`: the descriptor can be synced.
 */
export const writeThroughFlag: number | undefined = isRestricted ? WRITES_THROUGH : undefined;

export function lstat(path: Buffer): Steps<fs.Stats> {
  return step(
    () => fs.lstatSync(forNode(path)),
    () => promised(fs.lstat)(forNode(path)),
  );
}

export function access(path: Buffer, mode: number): Steps<void> {
  return step(
    () => fs.accessSync(forNode(path), mode),
    () => promised(fs.access)(forNode(path), mode),
  );
}

export function lstatExactly(path: Buffer): Steps<fs.BigIntStats> {
  return step(
    () => fs.lstatSync(forNode(path), { bigint: true }),
    () => promised(fs.lstat)(forNode(path), { bigint: true }),
  );
}

/** Compares exact numbers: an overlay (`xino`) and servers use all 64 bits of an inode's number. */
export function* areSameFile(one: Buffer, other: Buffer): Steps<boolean> {
  const [first, second] = [yield* lstatExactly(one), yield* lstatExactly(other)];
  return first.ino === second.ino && first.dev === second.dev;
}

export function stat(path: Buffer): Steps<fs.Stats> {
  return step(
    () => fs.statSync(forNode(path)),
    () => promised(fs.stat)(forNode(path)),
  );
}

/** With exact numbers. */
export function statExactly(path: Buffer): Steps<fs.BigIntStats> {
  return step(
    () => fs.statSync(forNode(path), { bigint: true }),
    () => promised(fs.stat)(forNode(path), { bigint: true }),
  );
}

export function statfs(path: Buffer): Steps<fs.StatsFs> {
  return step(
    () => fs.statfsSync(forNode(path)),
    () => promised(fs.statfs)(forNode(path)),
  );
}

export function readdir(path: Buffer): Steps<Buffer[]> {
  return step(
    () => fs.readdirSync(forNode(path), 'buffer'),
    () => promised(fs.readdir)(forNode(path), 'buffer'),
  );
}

/** At most so many names. */
export function readdirAtMost(path: Buffer, most: number): Steps<Buffer[]> {
  // Latin-1 gives each byte of a name as a character: the types of `opendir` have no Buffers.
  const options = { encoding: 'latin1', bufferSize: most } as const;
  const names: Buffer[] = [];
  return step(
    () => {
      const listing = fs.opendirSync(forNode(path), options);
      try {
        for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
          if (names.push(Buffer.from(entry.name, 'latin1')) === most) break;
        }
        return names;
      } finally {
        listing.closeSync();
      }
    },
    async () => {
      for await (const { name } of await fs.promises.opendir(forNode(path), options)) {
        if (names.push(Buffer.from(name, 'latin1')) === most) break;
      }
      return names;
    },
  );
}

/** Deno always returns a string. */
export function readlink(path: Buffer): Steps<Buffer> {
  return step(
    () => Buffer.from(fs.readlinkSync(forNode(path), 'buffer')),
    async () => Buffer.from(await promised(fs.readlink)(forNode(path), 'buffer')),
  );
}

export function realpath(path: Buffer): Steps<string> {
  return step(
    () => fs.realpathSync.native(forNode(path)),
    () => promised(fs.realpath.native)(forNode(path)),
  );
}

export function mkdir(path: Buffer, mode: number): Steps<void> {
  return step(
    () => fs.mkdirSync(forNode(path), mode),
    () => promised(fs.mkdir)(forNode(path), mode),
  );
}

export function rename(from: Buffer, to: Buffer): Steps<void> {
  return step(
    () => fs.renameSync(forNode(from), forNode(to)),
    () => promised(fs.rename)(forNode(from), forNode(to)),
  );
}

export function rmdir(path: Buffer): Steps<void> {
  return step(
    () => fs.rmdirSync(forNode(path)),
    () => promised(fs.rmdir)(forNode(path)),
  );
}

export function link(from: Buffer, to: Buffer): Steps<void> {
  return step(
    () => fs.linkSync(forNode(from), forNode(to)),
    () => promised(fs.link)(forNode(from), forNode(to)),
  );
}

export function symlink(target: Buffer, path: Buffer): Steps<void> {
  return step(
    () => fs.symlinkSync(forNode(target), forNode(path)),
    () => promised(fs.symlink)(forNode(target), forNode(path)),
  );
}

export function unlink(path: Buffer): Steps<void> {
  return step(
    () => fs.unlinkSync(forNode(path)),
    () => promised(fs.unlink)(forNode(path)),
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

/** `fdatasync`, and `close` in any case. The first error is thrown. */
export function* syncAndClose(descriptor: number): Steps<void> {
  try {
    yield* fdatasync(descriptor);
  } catch (error) {
    yield* closeIgnoringErrors(descriptor);
    throw error;
  }
  yield* close(descriptor);
}

/** For a descriptor that nothing was written through, or after another error. */
export function* closeIgnoringErrors(descriptor: number): Steps<void> {
  try {
    yield* close(descriptor);
  } catch {
    // See above.
  }
}
