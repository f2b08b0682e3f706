import fs from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import type { Failure } from '../addon/wire.js';
import { checkedInteger, systemError } from '../base/errors.js';
import { modeOption } from '../base/options.js';
import type { AbsolutePath, PathLike } from '../base/path.js';
import { writablePath } from '../base/permission.js';
import { selectEngine } from '../engine/select.js';

/** Flags of `renameat2`, from `<linux/fs.h>`. */
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;
export const RENAME_WHITEOUT = 4;

/** Flags of `syncFileRange`, from `<linux/fs.h>`. */
export const SYNC_FILE_RANGE_WAIT_BEFORE = 1;
export const SYNC_FILE_RANGE_WRITE = 2;
export const SYNC_FILE_RANGE_WAIT_AFTER = 4;

const MAX_DESCRIPTOR = 0x7fff_ffff;
const DEFAULT_MODE = 0o666;

/**
 * Renames with flags, renameat2(2): `RENAME_NOREPLACE` fails with `EEXIST` instead of replacing,
 * `RENAME_EXCHANGE` exchanges the two. Nothing is synced.
 *
 * @throws {SaveError} the error of the call; `EINVAL` if the filesystem does not support the flag, `ENOSYS`
 *   if the system has no such call.
 */
export async function renameat2(from: PathLike, to: PathLike, flags?: number | null): Promise<void> {
  const call = renameCall(from, to, flags);
  resultOf(call, await call.addon?.renameat2(call.path, call.dest, call.flags));
}

/** The same on the calling thread. */
export function renameat2Sync(from: PathLike, to: PathLike, flags?: number | null): void {
  const call = renameCall(from, to, flags);
  resultOf(call, call.addon?.renameat2Sync(call.path, call.dest, call.flags));
}

/**
 * Opens a file without a name in a directory, open(2) with `O_TMPFILE | O_RDWR`. The file is removed with its
 * last descriptor unless `linkat` gives it a name.
 *
 * @param mode of the file, less the umask, as in `fs.open`. Default `0o666`.
 * @returns the descriptor, for the caller to close.
 * @throws {SaveError} the error of the call; `EOPNOTSUPP` if the filesystem does not support such files,
 *   `ENOSYS` if the system does not.
 */
export async function openTmpfile(directory: PathLike, mode?: number | string | null): Promise<number> {
  const call = openCall(directory, mode);
  return resultOf(call, await call.addon?.openTmpfile(call.path, call.mode));
}

/** The same on the calling thread. */
export function openTmpfileSync(directory: PathLike, mode?: number | string | null): number {
  const call = openCall(directory, mode);
  return resultOf(call, call.addon?.openTmpfileSync(call.path, call.mode));
}

/**
 * Gives a file one more name, linkat(2). `from` is the path of a file, or the descriptor of a file from
 * `openTmpfile` (linked through `/proc/self/fd`). Nothing is synced.
 *
 * @throws {SaveError} the error of the call: `EEXIST` if the new name exists.
 */
export async function linkat(from: PathLike | number, to: PathLike): Promise<void> {
  const call = linkCall(from, to);
  resultOf(call, await call.addon?.linkat(call.from, call.dest));
}

/** The same on the calling thread. */
export function linkatSync(from: PathLike | number, to: PathLike): void {
  const call = linkCall(from, to);
  resultOf(call, call.addon?.linkatSync(call.from, call.dest));
}

/**
 * Writes dirty pages of a part of a file to the device, sync_file_range(2). It does not commit the journal or
 * flush the disk's cache: alone it makes nothing durable.
 *
 * @param offset in bytes.
 * @param length in bytes; 0 means to the end of the file.
 * @param flags of `SYNC_FILE_RANGE_*`.
 */
export async function syncFileRange(
  fd: number,
  offset: number,
  length: number,
  flags: number,
): Promise<void> {
  const call = rangeCall(fd, offset, length, flags);
  resultOf(call, await call.addon?.syncFileRange(fd, offset, length, flags));
}

/** The same on the calling thread. */
export function syncFileRangeSync(fd: number, offset: number, length: number, flags: number): void {
  const call = rangeCall(fd, offset, length, flags);
  resultOf(call, call.addon?.syncFileRangeSync(fd, offset, length, flags));
}

/**
 * Writes the data, and the metadata that is needed to read it, to stable storage: fdatasync(2). After a
 * failure the file's content is unknown. Do not call it again: a later success would prove nothing.
 */
export async function fdatasync(fd: number): Promise<void> {
  await callOnDescriptor('fdatasync', fd);
}

/** The same on the calling thread. */
export function fdatasyncSync(fd: number): void {
  callOnDescriptorSync('fdatasync', fd);
}

/**
 * Writes the data and all metadata to stable storage: fsync(2). On macOS it does not flush the disk's cache;
 * see `fullfsync`.
 */
export async function fsync(fd: number): Promise<void> {
  await callOnDescriptor('fsync', fd);
}

/** The same on the calling thread. */
export function fsyncSync(fd: number): void {
  callOnDescriptorSync('fsync', fd);
}

/**
 * `F_FULLFSYNC` of macOS, which flushes the disk's cache. `ENOSYS` on other platforms, where `fsync` does
 * that.
 */
export async function fullfsync(fd: number): Promise<void> {
  await callOnDescriptor('fullfsync', fd);
}

/** The same on the calling thread. */
export function fullfsyncSync(fd: number): void {
  callOnDescriptorSync('fullfsync', fd);
}

/**
 * `F_BARRIERFSYNC` of macOS: the data is ordered before later writes, but not yet durable. `ENOSYS` on other
 * platforms.
 */
export async function barrierfsync(fd: number): Promise<void> {
  await callOnDescriptor('barrierfsync', fd);
}

/** The same on the calling thread. */
export function barrierfsyncSync(fd: number): void {
  callOnDescriptorSync('barrierfsync', fd);
}

/**
 * Writes everything dirty on the filesystem of the open file to stable storage: syncfs(2). Linux only;
 * `ENOSYS` on other platforms.
 */
export async function syncfs(fd: number): Promise<void> {
  await callOnDescriptor('syncfs', fd);
}

/** The same on the calling thread. */
export function syncfsSync(fd: number): void {
  callOnDescriptorSync('syncfs', fd);
}

/**
 * Opens a directory, syncs it and closes it. Then the names in it are durable. The native engine also calls
 * `syncfs` where the sync on btrfs would return too early, because another user of this library is syncing
 * the same directory at the moment (docs/durability.md).
 */
export async function syncDirectory(directory: PathLike): Promise<void> {
  const path = writablePath(directory, 'directory');
  const { addon } = selectEngine();
  if (addon !== undefined) {
    resultOf({ syscall: 'syncDirectory', path }, await addon.syncDirectory(path));
    return;
  }
  const handle = await fs.promises.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The same on the calling thread. */
export function syncDirectorySync(directory: PathLike): void {
  const path = writablePath(directory, 'directory');
  const { addon } = selectEngine();
  if (addon !== undefined) {
    resultOf({ syscall: 'syncDirectory', path }, addon.syncDirectorySync(path));
    return;
  }
  const fd = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The details of a call for its error. */
interface CallContext {
  syscall: string;
  path?: AbsolutePath;
  dest?: AbsolutePath;
}

/** The calls on a descriptor that plain `fs` has, for the portable engine. */
const PLAIN_FS: Partial<
  Record<DescriptorCall, { asynchronous(fd: number): Promise<void>; synchronous(fd: number): void }>
> = {
  fdatasync: { asynchronous: promisify(fs.fdatasync), synchronous: fs.fdatasyncSync },
  fsync: { asynchronous: promisify(fs.fsync), synchronous: fs.fsyncSync },
};

/** On Windows descriptors belong to Node's C library, and an addon cannot use them. */
const USES_NODE_DESCRIPTORS = process.platform === 'win32';

type DescriptorCall = 'fdatasync' | 'fsync' | 'fullfsync' | 'barrierfsync' | 'syncfs';

async function callOnDescriptor(name: DescriptorCall, fd: number): Promise<void> {
  checkedInteger('fd', fd, MAX_DESCRIPTOR);
  const { addon } = selectEngine();
  const plain = PLAIN_FS[name];
  if ((addon === undefined || USES_NODE_DESCRIPTORS) && plain !== undefined) await plain.asynchronous(fd);
  else resultOf({ syscall: name }, await addon?.[name](fd));
}

function callOnDescriptorSync(name: DescriptorCall, fd: number): void {
  checkedInteger('fd', fd, MAX_DESCRIPTOR);
  const { addon } = selectEngine();
  const plain = PLAIN_FS[name];
  if ((addon === undefined || USES_NODE_DESCRIPTORS) && plain !== undefined) plain.synchronous(fd);
  else resultOf({ syscall: name }, addon?.[`${name}Sync`](fd));
}

function renameCall(from: PathLike, to: PathLike, given: number | null | undefined) {
  const path = writablePath(from, 'from');
  const dest = writablePath(to, 'to');
  const flags = checkedInteger('flags', given ?? 0, 0xffff_ffff);
  return { addon: selectEngine().addon, syscall: 'renameat2', path, dest, flags };
}

function openCall(directory: PathLike, mode: number | string | null | undefined) {
  const path = writablePath(directory, 'directory');
  return {
    addon: selectEngine().addon,
    syscall: 'open',
    path,
    mode: modeOption('mode', mode) ?? DEFAULT_MODE,
  };
}

function linkCall(from: PathLike | number, to: PathLike) {
  const { addon } = selectEngine();
  const dest = writablePath(to, 'to');
  if (typeof from === 'number') {
    checkedInteger('from', from, MAX_DESCRIPTOR);
    return { addon, syscall: 'linkat', from, dest };
  }
  const path = writablePath(from, 'from');
  return { addon, syscall: 'linkat', from: path, path, dest };
}

function rangeCall(fd: number, offset: number, length: number, flags: number) {
  checkedInteger('fd', fd, MAX_DESCRIPTOR);
  checkedInteger('offset', offset, Number.MAX_SAFE_INTEGER);
  checkedInteger('length', length, Number.MAX_SAFE_INTEGER);
  checkedInteger('flags', flags, 7);
  return { addon: selectEngine().addon, syscall: 'sync_file_range' };
}

/** The number that the call returned. Without an addon no call was made: `ENOSYS`. */
function resultOf({ syscall, path, dest }: CallContext, result: number | Failure | undefined): number {
  if (typeof result === 'number') return result;
  const where = { ...(path !== undefined && { path }), ...(dest !== undefined && { dest }) };
  throw result === undefined
    ? systemError({ errno: constants.errno.ENOSYS, syscall, ...where, hint: 'the addon is not loaded' })
    : systemError({ errno: result.errno, syscall: result.syscall, ...where });
}
