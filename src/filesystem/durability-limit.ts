import type { Ext4 } from './ext4.js';
import { isFuse, isInMemory, isOnNetwork, isWithoutJournal } from './filesystem-types.js';
import type { Machine } from './machine.js';
import type { MountedFilesystem } from './mounted-filesystem.js';
import type { Mount } from './mounts.js';
import type { Warning } from './warning.js';

/** Something that takes away from what a save can promise on a filesystem, even with every sync of the textbook. */
export interface Limit {
  warning: Warning;
  /** What asking for `'durable'` achieves at most. */
  durable: 'durable' | 'none';
  /** What asking for `'ordered'` achieves at most. */
  ordered: 'ordered' | 'none';
}

/** What is known to stand in the way of durability on a filesystem, for this process. */
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
    limitOfOthers(mount),
    ...(upper === undefined ? [] : limitsOfFilesystem(upper)),
  ];
}

function limitOfMemory(mount: Mount): Limit | undefined {
  if (!isInMemory(mount.type)) return undefined;
  return nothingSurvives(
    'memory',
    `${mount.type} is in memory: nothing on it survives the end of the power.`,
  );
}

/**
 * libeatmydata replaces the C library's syncs by nothing (eatmydata(1)).
 *
 * Looked for in the memory map, where it also shows when `/etc/ld.so.preload` has loaded it.
 */
function limitOfPreload(machine: Machine): Limit | undefined {
  if (!machine.read('/proc/self/maps')?.includes('libeatmydata')) return undefined;
  return nothingSurvives('syncs-disabled', 'libeatmydata is loaded into this process: its syncs do nothing.');
}

function limitOfVolatileOverlay(mount: Mount): Limit | undefined {
  // The mount option `volatile` shows as `fsync=volatile` on newer kernels (seen on 6.18).
  const option = mount.superOptions.find((one) => one === 'volatile' || one === 'fsync=volatile');
  if (mount.type !== 'overlay' || option === undefined) return undefined;
  return nothingSurvives('volatile-overlay', `The overlay is mounted with ${option}: its syncs do nothing.`);
}

function limitOfBarriers(mount: Mount, ext4: Ext4 | undefined): Limit | undefined {
  const options = [...mount.superOptions, ...(ext4?.options ?? [])];
  const option = options.find((one) => /^(nobarrier|barrier=(0|none|off))$/.test(one));
  if (option === undefined) return undefined;
  return nothingSurvives(
    'no-barriers',
    `Mounted with ${option}: the disk's cache is never flushed, so a sync promises nothing unless that cache ` +
      'survives the end of the power.',
  );
}

function limitOfWriteback(mount: Mount, ext4: Ext4 | undefined): Limit | undefined {
  if (ext4?.dataMode !== 'writeback' && !mount.superOptions.includes('data=writeback')) return undefined;
  // The blocks of the replaced version are free for others before the rename is in the journal; replayed crashes
  // showed other files' bytes in the old file whichever recipe was used.
  return {
    warning: {
      code: 'data-writeback',
      message:
        "Mounted with data=writeback: a crash while a file is being replaced may leave another file's bytes in the " +
        'old version. No way of saving prevents that; data=ordered does.',
    },
    durable: 'durable',
    ordered: 'none',
  };
}

function limitOfMissingJournal(mount: Mount, ext4: Ext4 | undefined): Limit | undefined {
  if (!isWithoutJournal(mount.type) && ext4?.journal !== 'none') return undefined;
  // Of 300 replayed crashes of ordered saves on a journal-less ext4, 28 left a torn file and 11 none at all, e2fsck
  // having been run.
  const durable =
    ext4?.journal === 'none'
      ? 'What is saved durably survives that: the old version keeps a name until the new one is on the medium.'
      : 'A durable save that has resolved survives, but one under way may damage the old version.';
  return {
    warning: {
      code: 'no-journal',
      message: `This ${mount.type} has no journal: a crash leaves it to be repaired, and 'ordered' promises nothing. ${durable}`,
    },
    durable: 'durable',
    ordered: 'none',
  };
}

/** Believed, because there is no way to look behind them, but not without a word. */
function limitOfOthers(mount: Mount): Limit | undefined {
  const asAsked = { durable: 'durable', ordered: 'ordered' } as const;
  if (isOnNetwork(mount.type)) {
    const message = `What a sync on ${mount.type} means depends on the server and its settings.`;
    return { warning: { code: 'network', message }, ...asAsked };
  }
  if (isFuse(mount.type)) {
    const message = `What a sync on ${mount.type} means depends on the program that serves the filesystem.`;
    return { warning: { code: 'fuse', message }, ...asAsked };
  }
  return undefined;
}

function nothingSurvives(code: Warning['code'], message: string): Limit {
  return { warning: { code, message }, durable: 'none', ordered: 'none' };
}
