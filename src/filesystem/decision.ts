import { type Durability, type EngineName, isWeaker, type Protocol } from '../base/options.js';
import { findLimits, type Limit } from './durability-limit.js';
import { type Evidence, type Proof, type Refusal, refuse } from './evidence.js';
import { proveExt4 } from './ext4-proof.js';
import {
  isInMemory,
  isLocal,
  mayReportOnClose,
  mayReturnEarlyFromDirectorySync,
} from './filesystem-types.js';
import { type Machine, thisMachine } from './machine.js';
import { type MountedFilesystem, readMountedFilesystem } from './mounted-filesystem.js';
import { type Location, MOUNT_TABLE, readMount, readMounts } from './mounts.js';
import { findUpdateLock, type UpdateLock } from './update-lock.js';
import type { Warning } from './warning.js';
import { proveXfs } from './xfs-proof.js';

/**
 * The protocol of a save, and the durability that it achieves.
 *
 * @category inspect
 */
export interface Plan {
  protocol: Protocol;
  /** The durability that is really achieved. It may be weaker than the requested one. */
  achieves: Durability;
  /** Whether the temporary has a name of its own before it gets the target's (open(2), O_TMPFILE). */
  temporary: 'named' | 'unnamed';
  /**
   * What happens to the old version. `'released'`: the rename releases it. `'held'`: a second name pins it
   * until the new version's name is on the disk. Only an ext4 without a journal needs that: on the disk, it
   * may reuse the inode and the blocks of the old version before the directory entry there has changed.
   */
  replaced: 'released' | 'held';
}

/** A plan for each durability that a caller can request. */
export type Plans = Record<Durability, Plan>;

/**
 * What one `syncfs` does for a group of durable saves with `sync-rename-sync`: nothing; it makes the data of
 * all files durable before the renames; the same, and a second one makes the names durable.
 */
export type GroupSync = 'none' | 'data' | 'data-and-names';

/** The plans for saves on one mounted filesystem. Valid until the mount, or with some any other, changes. */
export interface Decision extends Plans {
  /** For callers that force the protocol `sync-rename-sync`. */
  syncRenameSync: Omit<Plans, 'none'>;
  /** One `syncfs` makes a tree of files durable, and reports write errors. */
  syncfs: boolean;
  groupSyncfs: GroupSync;
  /** The filesystem is in memory: data is stored when it is written, and no later step can fail. */
  inMemory: boolean;
  /** Only this kernel opens the files of the filesystem, and it knows every open file. */
  local: boolean;
  updateLock: UpdateLock;
  /** close(2) may be the first call to report that the data could not be stored. */
  reportsOnClose: boolean;
  /** The sync of a directory is known not to return before the entries are safe. */
  directorySyncWaits: boolean;
  /** Why these plans were chosen: a sentence that names the files that were read. */
  reason: string;
  evidence: Evidence[];
  /** What weakens the durability here. */
  warnings: Warning[];
  /** A later decision may be better: it can use what more durable saves have shown. */
  provisional: boolean;
  /** It stays right while this mount keeps its options, whatever becomes of other mounts. */
  ofMountAlone: boolean;
}

const RENAME: Plan = { protocol: 'rename', achieves: 'none', temporary: 'named', replaced: 'released' };

/** Correct on every filesystem that has a disk; slower than necessary on some. */
export const SYNC_RENAME_SYNC: Plans = {
  durable: { protocol: 'sync-rename-sync', achieves: 'durable', temporary: 'named', replaced: 'released' },
  ordered: { protocol: 'sync-rename-sync', achieves: 'ordered', temporary: 'named', replaced: 'released' },
  none: RENAME,
};

/**
 * For an ext4 without a journal. In 400 replayed crashes of many concurrent durable saves, after e2fsck,
 * `sync-rename-sync` alone left 1 to 3 torn files and lost 6 to 10 files that were being replaced. With the
 * old version pinned, 800 replayed crashes left and lost none (`test/lab/scenarios`).
 */
const WITHOUT_JOURNAL: Plans = {
  ...SYNC_RENAME_SYNC,
  durable: { ...SYNC_RENAME_SYNC.durable, replaced: 'held' },
};

/**
 * Since Linux 6.15 btrfs no longer ignores the sync of a file without a name (fs/btrfs/tree-log.c,
 * btrfs_log_inode_parent). In 14,000 replayed crashes of 14 scenarios, on Linux 6.18, no promise was broken. Of
 * single saves 0.5 % left a temporary, and 36 to 83 % with names. Without a promise the cost counts: a tenth
 * more CPU time.
 */
const SYNCS_UNNAMED_ON_BTRFS = [6, 15] as const;

/** For filesystems in memory: there is no disk to sync to, and nothing survives power loss. */
export const IN_MEMORY: Plans = { durable: RENAME, ordered: RENAME, none: RENAME };

const SINGLE_COMMIT: Plans = {
  durable: { protocol: 'single-commit', achieves: 'durable', temporary: 'named', replaced: 'released' },
  ordered: { protocol: 'single-commit', achieves: 'ordered', temporary: 'named', replaced: 'released' },
  none: RENAME,
};

/** While it is unknown whether an ext4 makes fast commits: durable saves sync the file, which shows it. */
const WHILE_PENDING: Plans = { ...SINGLE_COMMIT, durable: SYNC_RENAME_SYNC.durable };

/** The oldest kernel on which crashes were replayed; 6.12 and 6.18 are the others. */
const OLDEST_PROVEN = [6, 1] as const;

/**
 * Chooses the update protocols for a mounted filesystem.
 *
 * `single-commit` is chosen only if every condition under which it was proven has been read. A condition that
 * is hidden or not understood counts as not met: the result is `sync-rename-sync` with named temporaries.
 * Never throws. Reads about ten files of `/proc` and `/sys`, which never wait for a disk or a server, and
 * nothing else.
 *
 * @param syncs how many groups of durable saves of this process have synced the data of a new file here since
 *   it was mounted or its options changed. Such syncs can show that ext4's fast_commit is off.
 */
export function decide(location: Location, syncs = 0, machine: Machine = thisMachine): Decision {
  const mount = readMount(machine, location);
  const filesystem = mount && readMountedFilesystem(machine, mount, () => readMounts(machine) ?? []);
  return decideFor(filesystem, syncs, machine);
}

/** The same for a filesystem whose state was already read; `undefined`: nothing is known about it. */
export function decideFor(
  filesystem: MountedFilesystem | undefined,
  syncs: number,
  machine: Machine,
): Decision {
  const limits = findLimits(machine, filesystem);
  const proof = prove(machine, filesystem, limits, syncs);
  const inMemory = filesystem !== undefined && isInMemory(filesystem.mount.type);
  const evidence = filesystem === undefined ? [] : [{ from: MOUNT_TABLE, says: filesystem.mount.line }];
  const syncRenameSync = filesystem?.ext4?.journal === 'none' ? WITHOUT_JOURNAL : SYNC_RENAME_SYNC;
  const unnamed = filesystem?.mount.type === 'btrfs' && machine.isLinux(...SYNCS_UNNAMED_ON_BTRFS);
  return {
    ...(inMemory
      ? IN_MEMORY
      : choosePlans(proof, unnamed ? unnamedIn(syncRenameSync) : syncRenameSync, limits)),
    syncRenameSync: applyLimits(limits, syncRenameSync),
    syncfs: filesystem !== undefined && hasReliableSyncfs(machine, filesystem),
    groupSyncfs: filesystem === undefined ? 'none' : groupSyncOn(machine, filesystem),
    inMemory,
    local: machine.platform === 'linux' && filesystem !== undefined && isLocal(filesystem.mount.type),
    updateLock: findUpdateLock(filesystem?.mount),
    reportsOnClose: filesystem === undefined || mayReportOnClose(filesystem.mount.type),
    directorySyncWaits: filesystem !== undefined && !mayReturnEarlyFromDirectorySync(filesystem.mount.type),
    reason: explain(machine, filesystem, proof, unnamed),
    evidence: [...evidence, ...proof.evidence],
    warnings: limits.map(({ warning }) => warning),
    provisional: proof.proven && proof.unnamedTemporaries.status === 'pending',
    ofMountAlone: filesystem !== undefined && isOfMountAlone(filesystem),
  };
}

/**
 * An overlay is limited by the filesystem that stores its changes. What could not be read may be visible once
 * `/proc` or `/sys` is mounted.
 */
function isOfMountAlone({ mount, device, ext4 }: MountedFilesystem): boolean {
  if (mount.type === 'overlay') return false;
  if (ext4 !== undefined)
    return [ext4.options, ext4.journal, ext4.fastCommits].every((read) => read !== undefined);
  return mount.major === 0 || device !== undefined;
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
    return refuse('a process with libeatmydata, which turns its syncs off');
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
 * Since Linux 5.8 syncfs(2) reports writeback errors. Crashes were tested on these three filesystems only,
 * and some others (FUSE) do not pass the call on.
 */
function hasReliableSyncfs(machine: Machine, { mount: { type } }: MountedFilesystem): boolean {
  return ['ext4', 'xfs', 'btrfs'].includes(type) && machine.isLinux(5, 8);
}

/**
 * Where no single commit is proven, one `syncfs` for a group is cheaper than a sync for each file. On btrfs a
 * second one also replaces the syncs of the directories, which may return too early there (docs/durability.md).
 */
function groupSyncOn(machine: Machine, filesystem: MountedFilesystem): GroupSync {
  if (!hasReliableSyncfs(machine, filesystem)) return 'none';
  if (filesystem.mount.type === 'btrfs') return 'data-and-names';
  return filesystem.ext4?.journal === 'none' ? 'data' : 'none';
}

/** Without a promise the temporary keeps its name. */
function unnamedIn({ durable, ordered, none }: Plans): Plans {
  return {
    durable: { ...durable, temporary: 'unnamed' },
    ordered: { ...ordered, temporary: 'unnamed' },
    none,
  };
}

function choosePlans(proof: Proof | Refusal, syncRenameSync: Plans, limits: readonly Limit[]): Plans {
  if (!proof.proven) return applyLimits(limits, syncRenameSync);
  const temporary = proof.unnamedTemporaries.status === 'proven' ? 'unnamed' : 'named';
  const { durable, ordered, none } = applyLimits(
    limits,
    proof.unnamedTemporaries.status === 'pending' ? WHILE_PENDING : SINGLE_COMMIT,
  );
  return {
    durable: { ...durable, temporary },
    ordered: { ...ordered, temporary },
    none: { ...none, temporary },
  };
}

/** The same plans, with the durability that the limits leave. */
function applyLimits(limits: readonly Limit[], { durable, ordered, none }: Plans): Plans {
  const limited = (plan: Plan, durability: 'durable' | 'ordered'): Plan => {
    const achieves = limits.reduce<Durability>(
      (weakest, limit) => (isWeaker(limit[durability], weakest) ? limit[durability] : weakest),
      plan.achieves,
    );
    return { ...plan, achieves };
  };
  return { durable: limited(durable, 'durable'), ordered: limited(ordered, 'ordered'), none };
}

function explain(
  machine: Machine,
  filesystem: MountedFilesystem | undefined,
  proof: Proof | Refusal,
  unnamed: boolean,
): string {
  if (filesystem !== undefined && isInMemory(filesystem.mount.type)) {
    return `${filesystem.mount.type} is in memory: there is nothing to sync.`;
  }
  const platformReason = reasonOnOtherPlatforms(machine.platform);
  if (platformReason !== undefined) return platformReason;
  if (!proof.proven) {
    const pinned =
      filesystem?.ext4?.journal === 'none' ? '; until then a second name pins the old version' : '';
    const nameless = unnamed ? '; temporaries are unnamed, because btrfs syncs them since Linux 6.15' : '';
    return `${proof.finding}: the file is synced before the rename, and the directory after it${pinned}${nameless}.`;
  }
  return (
    `${proof.finding}, on Linux ${machine.kernelRelease}: one commit after the rename makes data, size and ` +
    `name durable together; ${proof.unnamedTemporaries.finding}.`
  );
}

/** Why saves use their protocol; `undefined` on Linux, where the reason depends on the filesystem. */
export function reasonOnOtherPlatforms(platform: NodeJS.Platform): string | undefined {
  switch (platform) {
    case 'linux':
      return undefined;
    case 'darwin':
      return (
        'macOS: the file is synced with a barrier (F_BARRIERFSYNC) before the rename, and the sync of the ' +
        "directory flushes the disk's cache behind both (F_FULLFSYNC)."
      );
    case 'win32':
      return (
        'Windows: the file is flushed (FlushFileBuffers) before the rename, which is written through, ' +
        'and the directory after it, where its filesystem can.'
      );
    default:
      return `a filesystem of ${platform}: the file is synced before the rename, and the directory after it.`;
  }
}

/** The plans that plain `fs` weakens, and why; `undefined` if it weakens none. */
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
