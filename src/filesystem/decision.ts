import type { Durability, EngineName, Protocol } from '../base/options.js';
import { findLimits, type Limit } from './durability-limit.js';
import { type Evidence, type Proof, type Refusal, refuse } from './evidence.js';
import { proveExt4 } from './ext4-proof.js';
import { isInMemory } from './filesystem-types.js';
import { type Machine, thisMachine } from './machine.js';
import { type MountedFilesystem, readMountedFilesystem } from './mounted-filesystem.js';
import { findMount, type Location, MOUNT_TABLE, readMounts } from './mounts.js';
import type { Warning } from './warning.js';
import { proveXfs } from './xfs-proof.js';

/** How a save goes about it, and what that achieves. */
export interface Plan {
  protocol: Protocol;
  /** What really survives power loss, whatever was asked. */
  achieves: Durability;
  /** Whether the new version has a name of its own before it gets the target's (open(2), O_TMPFILE). */
  temporary: 'named' | 'unnamed';
  /**
   * What becomes of the version that is replaced: `'released'` by the rename, or `'held'` under a name of its own until
   * the new one's name is on the medium. Only an ext4 without a journal needs that, which may reuse the old version's
   * inode and blocks on the medium before the directory there has let go of them.
   */
  replaced: 'released' | 'held';
}

/** A plan for each durability that can be asked for. */
export type Plans = Record<Durability, Plan>;

/** How saves on one mounted filesystem go about it. Holds until the mount table changes. */
export interface Decision extends Plans {
  /** For those who want no protocol but the textbook's. */
  syncRenameSync: Omit<Plans, 'none'>;
  /** One `syncfs` makes a tree of files durable, and reports what went wrong. */
  syncfs: boolean;
  /** What is written is stored at once, and nothing can fail later. */
  inMemory: boolean;
  /** Why, as a sentence with the files that it was read from. */
  reason: string;
  evidence: Evidence[];
  /** What takes away from the durability here. */
  warnings: Warning[];
  /** The answer may improve once durable saves have shown more: worth asking again then. */
  provisional: boolean;
}

const RENAME: Plan = { protocol: 'rename', achieves: 'none', temporary: 'named', replaced: 'released' };

/** Right on every filesystem that has a disk; slower than need be on some. */
export const SYNC_RENAME_SYNC: Plans = {
  durable: { protocol: 'sync-rename-sync', achieves: 'durable', temporary: 'named', replaced: 'released' },
  ordered: { protocol: 'sync-rename-sync', achieves: 'ordered', temporary: 'named', replaced: 'released' },
  none: RENAME,
};

/**
 * For an ext4 without a journal. Of 400 replayed crashes of many durable saves at once, the textbook tore 1 to 3 files and
 * lost 6 to 10 that were being replaced, e2fsck having been run; with the old version held, of 800 none
 * (`test/lab/scenarios`).
 */
const WITHOUT_JOURNAL: Plans = {
  ...SYNC_RENAME_SYNC,
  durable: { ...SYNC_RENAME_SYNC.durable, replaced: 'held' },
};

/** For filesystems that live in memory: there is nothing to sync to, and nothing outlives the power. */
export const IN_MEMORY: Plans = { durable: RENAME, ordered: RENAME, none: RENAME };

const SINGLE_COMMIT: Plans = {
  durable: { protocol: 'single-commit', achieves: 'durable', temporary: 'named', replaced: 'released' },
  ordered: { protocol: 'single-commit', achieves: 'ordered', temporary: 'named', replaced: 'released' },
  none: RENAME,
};

/** Until syncs of new files have shown whether an ext4 makes fast commits: so durable saves make such syncs. */
const WHILE_UNPROVEN: Plans = { ...SINGLE_COMMIT, durable: SYNC_RENAME_SYNC.durable };

/** The oldest kernel on which crashes were replayed; 6.12 and 6.18 are the others. */
const OLDEST_PROVEN = [6, 1] as const;

/**
 * Chooses the update protocols for a mounted filesystem.
 *
 * `single-commit` is chosen only where every condition under which it was proven has been read: what is hidden or
 * not understood counts against it and gives the textbook with named temporaries. Never throws. Reads about ten
 * files of `/proc` and `/sys`, which wait for no disk and no server, and nothing else.
 *
 * @param syncs how many groups of durable saves the process has seen through here, since the mount table last changed, that
 *   synced the data of a new file: what can show that ext4's fast_commit is off.
 */
export function decide(location: Location, syncs = 0, machine: Machine = thisMachine): Decision {
  const mounts = readMounts(machine) ?? [];
  const mount = findMount(mounts, location);
  return decideFor(mount && readMountedFilesystem(machine, mount, mounts), syncs, machine);
}

/** The same for a filesystem about which everything has been read; `undefined` is one that nothing is known about. */
export function decideFor(
  filesystem: MountedFilesystem | undefined,
  syncs: number,
  machine: Machine,
): Decision {
  const limits = findLimits(machine, filesystem);
  const verdict = prove(machine, filesystem, limits, syncs);
  const inMemory = filesystem !== undefined && isInMemory(filesystem.mount.type);
  const evidence = filesystem === undefined ? [] : [{ from: MOUNT_TABLE, says: filesystem.mount.line }];
  const textbook = filesystem?.ext4?.journal === 'none' ? WITHOUT_JOURNAL : SYNC_RENAME_SYNC;
  return {
    ...(inMemory ? IN_MEMORY : choosePlans(verdict, textbook, limits)),
    syncRenameSync: lowerTo(limits, textbook),
    syncfs: filesystem !== undefined && isSyncedAsAWhole(machine, filesystem),
    inMemory,
    reason: explain(machine, filesystem, verdict),
    evidence: [...evidence, ...verdict.evidence],
    warnings: limits.map(({ warning }) => warning),
    provisional: verdict.proven && verdict.temporaries.unnamed === 'unproven',
  };
}

function prove(
  machine: Machine,
  filesystem: MountedFilesystem | undefined,
  limits: readonly Limit[],
  syncs: number,
): Proof | Refusal {
  if (machine.platform !== 'linux') return refuse(`a filesystem of ${machine.platform}`);
  if (filesystem === undefined) return refuse(`a filesystem that ${MOUNT_TABLE} does not show`);
  if (limits.some(({ warning }) => warning.code === 'syncs-disabled')) {
    return refuse('a process whose syncs libeatmydata has turned off');
  }
  const { mount, device, ext4 } = filesystem;
  if (mount.type !== 'ext4' && mount.type !== 'xfs') {
    return refuse(`${mount.type}, on which one commit is not proven to be enough`);
  }
  if (!machine.isLinux(...OLDEST_PROVEN)) {
    return refuse(
      `Linux ${machine.kernelRelease}, older than any on which one commit was proven to be enough`,
    );
  }
  if (mount.type === 'ext4' && ext4 !== undefined) return proveExt4(ext4, syncs);
  if (mount.type === 'xfs' && device !== undefined) return proveXfs(machine, mount, device);
  return refuse(`${mount.type} on a device that /sys/dev/block/${mount.major}:${mount.minor} does not name`);
}

/**
 * Since Linux 5.8 syncfs(2) reports the errors of writing back. On others than these three it was not crashed, and some
 * (FUSE) do not pass it on.
 */
function isSyncedAsAWhole(machine: Machine, { mount: { type } }: MountedFilesystem): boolean {
  return ['ext4', 'xfs', 'btrfs'].includes(type) && machine.isLinux(5, 8);
}

function choosePlans(verdict: Proof | Refusal, textbook: Plans, limits: readonly Limit[]): Plans {
  if (!verdict.proven) return lowerTo(limits, textbook);
  const temporary = verdict.temporaries.unnamed === 'proven' ? 'unnamed' : 'named';
  const { durable, ordered, none } = lowerTo(
    limits,
    verdict.temporaries.unnamed === 'unproven' ? WHILE_UNPROVEN : SINGLE_COMMIT,
  );
  return {
    durable: { ...durable, temporary },
    ordered: { ...ordered, temporary },
    none: { ...none, temporary },
  };
}

/** The same plans, achieving what is left of their durability. */
function lowerTo(limits: readonly Limit[], { durable, ordered, none }: Plans): Plans {
  const isLost = (asked: 'durable' | 'ordered') => limits.some((limit) => limit[asked] === 'none');
  return {
    durable: isLost('durable') ? { ...durable, achieves: 'none' } : durable,
    ordered: isLost('ordered') ? { ...ordered, achieves: 'none' } : ordered,
    none,
  };
}

function explain(
  machine: Machine,
  filesystem: MountedFilesystem | undefined,
  verdict: Proof | Refusal,
): string {
  if (filesystem !== undefined && isInMemory(filesystem.mount.type)) {
    return `${filesystem.mount.type} is in memory: there is nothing to sync.`;
  }
  const elsewhere = reasonOnOtherPlatforms(machine.platform);
  if (elsewhere !== undefined) return elsewhere;
  if (!verdict.proven) {
    const held = filesystem?.ext4?.journal === 'none' ? ', and until then the old version keeps a name' : '';
    return `${verdict.finding}: the file is synced before the rename, and the directory after it${held}.`;
  }
  return (
    `${verdict.finding}, on Linux ${machine.kernelRelease}: one commit after the rename makes data, size and name ` +
    `durable together; ${verdict.temporaries.finding}.`
  );
}

/** Why saves go about it as they do; `undefined` on Linux, where every filesystem has a reason of its own. */
export function reasonOnOtherPlatforms(platform: NodeJS.Platform): string | undefined {
  switch (platform) {
    case 'linux':
      return undefined;
    case 'darwin':
      return (
        'macOS: the file is synced with a barrier (F_BARRIERFSYNC) before the rename, and the sync of the directory ' +
        "flushes the disk's cache behind both (F_FULLFSYNC)."
      );
    case 'win32':
      return (
        'Windows: the file is flushed (FlushFileBuffers) before the rename, which is written through, and the ' +
        'directory after it, where its filesystem can.'
      );
    default:
      return `a filesystem of ${platform}: the file is synced before the rename, and the directory after it.`;
  }
}

/** What is left of the plans with an engine that has nothing but plain `fs`, and why; `undefined` if all. */
export function limitOfPlainFs(
  platform: NodeJS.Platform,
  engine: EngineName,
  plans: Plans,
): { plans: Plans; reason: string } | undefined {
  if (platform !== 'win32' || engine !== 'portable') return undefined;
  return {
    plans: { ...plans, durable: { ...plans.durable, achieves: 'ordered' } },
    reason: 'Plain fs cannot flush a directory on Windows, so no new name is known to be durable',
  };
}
