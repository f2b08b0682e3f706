import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from './command.js';
import type { Workspace } from './workspace.js';

export type DiskFormat = 'ext4' | 'xfs' | 'btrfs';

/** How a disk filesystem is made and mounted. */
export interface Disk {
  format: DiskFormat;
  /** Additional arguments for mkfs, for example `['-O', '^has_journal']`. */
  mkfs?: readonly string[];
  /** For `mount -o`, for example `data=journal`. */
  mount?: string;
  /** Bytes; default 64 MiB for ext4, 300 MiB for XFS (its smallest), 128 MiB for btrfs. */
  size?: number;
}

/** A filesystem that stays mounted until its workspace is removed. */
export interface Mounted {
  directory: string;
  /** The block device; undefined if there is none. */
  device?: string;
}

/** How long to wait until others have let go of a device, in milliseconds. */
const LONGEST_USE = 60_000;
const MIB = 1024 * 1024;
const DEFAULT_SIZE: Record<DiskFormat, number> = { ext4: 64 * MIB, xfs: 300 * MIB, btrfs: 128 * MIB };
/**
 * `-F`/`-f`: the target is a file, or contains an older filesystem. 4 KiB blocks: mkfs.ext4 would choose
 * smaller ones on a small disk. A new image is all zeros, so nothing is discarded.
 */
const MKFS: Record<DiskFormat, readonly string[]> = {
  ext4: ['mkfs.ext4', '-q', '-F', '-b', '4096', '-E', 'nodiscard'],
  xfs: ['mkfs.xfs', '-q', '-f', '-K'],
  btrfs: ['mkfs.btrfs', '-q', '-f', '-K'],
};

export function sizeOf(disk: Disk): number {
  return disk.size ?? DEFAULT_SIZE[disk.format];
}

/** Makes the filesystem on a device or in a file of the right size. */
export async function format(disk: Disk, target: string): Promise<void> {
  const [mkfs = '', ...args] = MKFS[disk.format];
  await command(mkfs, ...args, ...(disk.mkfs ?? []), target);
}

/** Makes a sparse file of `size` bytes. */
export async function makeImage(path: string, size: number): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.truncate(size);
  } finally {
    await file.close();
  }
}

/** Attaches a file to a free loop device, which the kernel makes on demand, and returns the device's path. */
export async function attachLoop(file: string): Promise<string> {
  return command('losetup', '--find', '--show', file);
}

/**
 * Detaches a loop device, and waits until it has let go of its file. While another program has the device open, that
 * comes later, with its last close (loop_clr_fd in drivers/block/loop.c): mkfs.btrfs looks into every device.
 *
 * @throws if it has not let go after a minute.
 */
export async function detachLoop(device: string): Promise<void> {
  const file = backingFileOf(device);
  await command('losetup', '--detach', device);
  for (const start = Date.now(); file !== undefined && backingFileOf(device) === file; await sleep(1)) {
    if (Date.now() - start > LONGEST_USE) throw new Error(`${device} is still attached to ${file.trim()}`);
  }
}

function backingFileOf(device: string): string | undefined {
  try {
    return readFileSync(`/sys/block/${basename(device)}/loop/backing_file`, 'utf8');
  } catch {
    return undefined;
  }
}

/** Mounts `device` on a new directory `name` of the workspace. */
export async function mountDevice(
  workspace: Workspace,
  name: string,
  disk: Disk,
  device: string,
): Promise<Mounted> {
  const directory = workspace.path(name);
  await mkdir(directory);
  await command('mount', '-t', disk.format, ...(disk.mount ? ['-o', disk.mount] : []), device, directory);
  return { directory, device };
}

/**
 * Unmounts a filesystem, and waits for that while it is in use: a loop device no longer names its file shortly before it
 * closes it (__loop_clr_fd in drivers/block/loop.c).
 *
 * @throws if it is still in use after a minute.
 */
export async function unmount(path: string): Promise<void> {
  for (const start = Date.now(); ; await sleep(10)) {
    try {
      await command('umount', path);
      return;
    } catch (error) {
      if (!`${error}`.includes('busy') || Date.now() - start > LONGEST_USE) throw error;
    }
  }
}

/**
 * Waits until the device is not mounted anywhere. A mount that was copied into another mount namespace (for
 * example by a container that started at that time) still exists after the unmount here, and a new mount of
 * the device would share it.
 *
 * @throws {Error} `EBUSY` if it is still in use after a minute.
 */
export async function released(device: string): Promise<void> {
  for (const start = Date.now(); ; await sleep(10)) {
    try {
      // open(2): on a block device O_EXCL without O_CREAT fails with EBUSY while it is mounted.
      closeSync(openSync(device, constants.O_RDONLY | constants.O_EXCL));
      return;
    } catch (error) {
      if (Date.now() - start > LONGEST_USE) throw error;
    }
  }
}

/** A new disk filesystem in an image in memory, on a loop device. */
export async function mountDisk(workspace: Workspace, name: string, disk: Disk): Promise<Mounted> {
  const image = workspace.path(`${name}.img`);
  await makeImage(image, sizeOf(disk));
  await format(disk, image);
  return mountDevice(workspace, name, disk, await attachLoop(image));
}

export async function mountTmpfs(workspace: Workspace, name: string, options = 'size=64m'): Promise<Mounted> {
  const directory = workspace.path(name);
  await mkdir(directory);
  await command('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', directory);
  return { directory };
}

/**
 * An overlay with its lower and upper directories on the mounted filesystem `on`; `options` may be
 * `volatile`.
 */
export async function mountOverlay(
  workspace: Workspace,
  name: string,
  on: Mounted,
  options?: string,
): Promise<Mounted> {
  const layers = { lowerdir: 'lower', upperdir: 'upper', workdir: 'work' };
  const parts: string[] = [];
  for (const [option, layer] of Object.entries(layers)) {
    const directory = `${on.directory}/${name}-${layer}`;
    await mkdir(directory);
    parts.push(`${option}=${directory}`);
  }
  if (options) parts.push(options);
  const directory = workspace.path(name);
  await mkdir(directory);
  await command('mount', '-t', 'overlay', '-o', parts.join(','), 'overlay', directory);
  return { directory };
}

/** A FUSE filesystem (bindfs) on a directory of the workspace. */
export async function mountFuse(workspace: Workspace, name: string): Promise<Mounted> {
  const source = workspace.path(`${name}-source`);
  const directory = workspace.path(name);
  await mkdir(source);
  await mkdir(directory);
  await command('bindfs', source, directory);
  return { directory };
}

/** Bind-mounts a new file over the file at `path`, as containers do with single files. */
export async function bindFile(workspace: Workspace, name: string, path: string): Promise<void> {
  const source = workspace.path(name);
  await writeFile(source, 'bound', { flag: 'wx' });
  await command('mount', '--bind', source, path);
}
