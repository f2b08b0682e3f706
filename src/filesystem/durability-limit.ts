import type { Durability } from '../base/options.js';
import type { Ext4 } from './ext4.js';
import {
  isFuse,
  isInMemory,
  isKnownToSyncDirectories,
  isOnNetwork,
  isWithoutJournal,
} from './filesystem-types.js';
import type { Machine } from './machine.js';
import type { MountedFilesystem } from './mounted-filesystem.js';
import type { Mount } from './mounts.js';
import type { Warning } from './warning.js';

/** A condition that weakens the durability of saves, even with all syncs of `sync-rename-sync`. */
export interface Limit {
  warning: Warning;
  /** The most that a save with `'durable'` achieves. */
  durable: Durability;
  /** The most that a save with `'ordered'` achieves. */
  ordered: Exclude<Durability, 'durable'>;
}

/** The known limits of durability on a filesystem, for this process. */
export function findLimits(machine: Machine, filesystem: MountedFilesystem | undefined): Limit[] {
  return [
    limitOfPreload(machine),
    ...(filesystem === undefined ? [] : limitsOfFilesystem(filesystem)),
  ].filter((limit) => limit !== undefined);
}

function limitsOfFilesystem({ mount, ext4, upper }: MountedFilesystem): (Limit | undefined)[] {
  return [
    limitOfMemory(mount),
    limitOfVolatileOverlay(mount),
    limitOfBarriers(mount, ext4),
    limitOfWriteback(mount, ext4),
    limitOfMissingJournal(mount, ext4),
    limitOfServer(mount),
    ...(upper === undefined ? [] : limitsOfFilesystem(upper)),
  ];
}

function limitOfMemory(mount: Mount): Limit | undefined {
  if (!isInMemory(mount.type)) return undefined;
  return nothingSurvives('memory', `${mount.type} is in memory: nothing on it survives power loss.`);
}

/**
 * libeatmydata makes the C library's syncs do nothing (eatmydata(1)).
 *
 * The memory map shows it, also if `/etc/ld.so.preload` loaded it.
 */
function limitOfPreload(machine: Machine): Limit | undefined {
  if (!machine.read('/proc/self/maps')?.includes('libeatmydata')) return undefined;
  return nothingSurvives('syncs-disabled', 'libeatmydata is loaded into this process: its syncs do nothing.');
}

function limitOfVolatileOverlay(mount: Mount): Limit | undefined {
  // Newer kernels list the mount option `volatile` as `fsync=volatile` (seen on 6.18).
  const option = mount.superOptions.find((one) => one === 'volatile' || one === 'fsync=volatile');
  if (mount.type !== 'overlay' || option === undefined) return undefined;
  return nothingSurvives('volatile-overlay', `The overlay is mounted with ${option}: its syncs do nothing.`);
}

function limitOfBarriers(mount: Mount, ext4: Ext4 | undefined): Limit | undefined {
  const options = [...mount.superOptions, ...(ext4?.options ?? [])];
  // The last one is that of f2fs (Documentation/filesystems/f2fs.rst).
  const option = options.find((one) => /^(nobarrier|barrier=(0|none|off)|fsync_mode=nobarrier)$/.test(one));
  if (option === undefined) return undefined;
  return nothingSurvives(
    'no-barriers',
    `Mounted with ${option}: the disk's cache is never flushed, so a sync promises nothing unless that ` +
      'cache survives power loss.',
  );
}

function limitOfWriteback(mount: Mount, ext4: Ext4 | undefined): Limit | undefined {
  if (ext4?.dataMode !== 'writeback' && !mount.superOptions.includes('data=writeback')) return undefined;
  // The blocks of the old version can be reused before the rename is in the journal. With every protocol,
  // replayed crashes left other files' bytes in the old file.
  return {
    warning: {
      code: 'data-writeback',
      message:
        "Mounted with data=writeback: a crash while a file is being replaced may leave another file's " +
        'bytes in the old version. No save can prevent that; data=ordered does.',
    },
    durable: 'durable',
    ordered: 'none',
  };
}

/**
 * The entry of a file in its directory has its size and first cluster. After a rename only a sync of the file writes
 * them to the new entry (fs/fat/namei_vfat.c, vfat_rename; fs/fat/inode.c, __fat_write_inode). The sync of the
 * directory writes that the clusters of the old version are free (fs/fat/file.c, fat_file_fsync). The disk as it was
 * just after a resolved save (Linux 6.12) had the old entry, and its clusters were free.
 */
function limitOfFat(mount: Mount): Limit {
  return nothingSurvives(
    'no-journal',
    `This ${mount.type} has no journal, and the sync of a directory does not write to which data a new name leads: ` +
      'a crash may damage a file for some time after it was saved.',
  );
}

function limitOfMissingJournal(mount: Mount, ext4: Ext4 | undefined): Limit | undefined {
  if (mount.type === 'vfat' || mount.type === 'msdos') return limitOfFat(mount);
  if (!isWithoutJournal(mount.type) && ext4?.journal !== 'none') return undefined;
  // In 300 replayed crashes of ordered saves on an ext4 without a journal, after e2fsck, 28 left a torn file
  // and 11 left no file at all.
  const durable =
    ext4?.journal === 'none'
      ? 'Durable saves survive that: a second name pins the old version until the new one is on the disk.'
      : 'A durable save that has resolved survives, but a crash during a save may damage the old version.';
  return {
    warning: {
      code: 'no-journal',
      message:
        `This ${mount.type} has no journal: after a crash it needs a repair, and 'ordered' promises ` +
        `nothing. ${durable}`,
    },
    durable: 'durable',
    ordered: 'none',
  };
}

/**
 * What a server does cannot be checked. It is trusted with a warning, except with what it need not even be
 * asked: success of the sync of a directory tells nothing on most types (`isKnownToSyncDirectories`).
 */
function limitOfServer({ type }: Mount): Limit | undefined {
  const network = isOnNetwork(type);
  if (!network && !isFuse(type)) return undefined;
  const server = network ? 'the server and its settings' : 'the program that serves the filesystem';
  const message = `What a sync on ${type} means depends on ${server}.`;
  const code = network ? 'network' : 'fuse';
  if (isKnownToSyncDirectories(type)) {
    return { warning: { code, message }, durable: 'durable', ordered: 'ordered' };
  }
  const limited =
    `${message} The sync of a directory is not known to reach ${network ? 'the server' : 'the disk'}, and ` +
    'may report success without that: no new name is known to be durable.';
  return { warning: { code, message: limited }, durable: 'ordered', ordered: 'ordered' };
}

function nothingSurvives(code: Warning['code'], message: string): Limit {
  return { warning: { code, message }, durable: 'none', ordered: 'none' };
}
