import { now } from '../../base/clock.js';
import type { Durability } from '../../base/options.js';
import {
  type Decision,
  decide,
  IN_MEMORY,
  limitOfPlainFs,
  type Plan,
  SYNC_RENAME_SYNC,
} from '../../filesystem/decision.js';
import { isLocalByNumber } from '../../filesystem/filesystem-types.js';
import type { Steps } from '../steps.js';
import { stat, statfs } from './plain-fs.js';

/** f_type of filesystems (statfs(2), include/uapi/linux/magic.h). The first two are in memory. */
const TMPFS = 0x0102_1994;
const RAMFS = 0x8584_58f6;
const BTRFS = 0x9123_683e;
/** It may have any filesystem below it. */
const OVERLAYFS = 0x794c_7630;

/**
 * How long a decision is reused, in milliseconds. A decision takes half a millisecond, and plain `fs` cannot
 * detect a remount. An old decision changes only what a save reports, never what it does.
 */
const DECISION_LIFETIME = 1000;

/** The latest decision for each device (`st_dev`). */
const recentDecisions = new Map<number, { decision: Decision; at: number }>();

/** The plan of a save with plain `fs`. */
export interface PortablePlan extends Plan {
  /**
   * Whether the sync of a directory may return too early. btrfs may do that if another thread or process is
   * syncing the same directory (see native/platform/linux_directory_sync.cc), which plain `fs` cannot detect.
   * Nothing else has a reason to sync the new file, so a sync of it waits for everything that the other sync
   * has put into the log.
   */
  syncsFileAgain: boolean;
  /** `Decision.local`. */
  local: boolean;
}

/** Chooses the plan for files in an existing directory: `sync-rename-sync` wherever there is a disk. */
export function* planFor(directory: Buffer, durability: Durability): Steps<PortablePlan> {
  if (process.platform !== 'linux') {
    const plans = limitOfPlainFs(process.platform, 'portable', SYNC_RENAME_SYNC)?.plans ?? SYNC_RENAME_SYNC;
    return { ...plans[durability], syncsFileAgain: false, local: false };
  }
  // Read again for each save, because it decides whether anything is synced.
  const type = yield* filesystemType(directory);
  const own = {
    syncsFileAgain: type === BTRFS || type === OVERLAYFS,
    local: type !== undefined && isLocalByNumber(type),
  };
  if (type === TMPFS || type === RAMFS) return { ...IN_MEMORY[durability], ...own };
  if (durability === 'none') return { ...SYNC_RENAME_SYNC.none, ...own };
  return { ...(yield* recentDecision(directory)).syncRenameSync[durability], ...own };
}

/** @returns `undefined` if the type cannot be read; it then counts as a disk. */
function* filesystemType(directory: Buffer): Steps<number | undefined> {
  try {
    return (yield* statfs(directory)).type;
  } catch {
    return undefined;
  }
}

function* recentDecision(directory: Buffer): Steps<Decision> {
  const { dev } = yield* stat(directory);
  const time = now();
  const last = recentDecisions.get(dev);
  if (last !== undefined && time - last.at < DECISION_LIFETIME) return last.decision;
  const decision = decide({ directory, ...deviceNumbersOf(dev), mountId: undefined });
  for (const [device, { at }] of recentDecisions)
    if (time - at >= DECISION_LIFETIME) recentDecisions.delete(device);
  recentDecisions.set(dev, { decision, at: time });
  return decision;
}

/** The C library's packing of a device number (sys/sysmacros.h, gnu_dev_major and gnu_dev_minor). */
function deviceNumbersOf(dev: number): { major: number; minor: number } {
  const high = Math.floor(dev / 2 ** 32);
  return {
    major: ((dev >>> 8) & 0xfff) + (high & ~0xfff),
    minor: (dev & 0xff) + ((dev >>> 12) & 0xfff00),
  };
}
