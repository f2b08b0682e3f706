import {
  type Disk,
  type DiskFormat,
  type Mounted,
  mountDisk,
  mountTmpfs,
} from '../../test/lab/filesystems.js';
import { mountSlowDisk } from '../../test/lab/slow-disk/slow-disk.js';
import type { Workspace } from '../../test/lab/workspace.js';

/** Makes a filesystem in a workspace, which unmounts it. */
export type MountPlace = (workspace: Workspace, name: string) => Promise<Mounted>;

const SIZE = 512 * 2 ** 20;

/** A filesystem on a disk in memory. */
export function onDisk(format: DiskFormat, options: Partial<Disk> = {}): MountPlace {
  return (workspace, name) => mountDisk(workspace, name, { format, size: SIZE, ...options });
}

/** A filesystem on a disk whose cache flush takes five milliseconds, like that of an ordinary SATA SSD. */
export function onSlowDisk(format: DiskFormat, options: Partial<Disk> = {}): MountPlace {
  return (workspace, name) => mountSlowDisk(workspace, name, { format, size: SIZE, ...options });
}

export const inMemory: MountPlace = (workspace, name) => mountTmpfs(workspace, name);

/** For `mkfs` of an ext4. */
export const NO_JOURNAL: Partial<Disk> = { mkfs: ['-O', '^has_journal'] };
