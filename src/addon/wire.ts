import type { Durability, Protocol } from '../base/options.js';
import type { Stage } from '../base/stage-timer.js';
import type { GroupSync } from '../filesystem/decision.js';
import type { UnavailableCall } from '../filesystem/unavailable-calls.js';
import type { UpdateLock } from '../filesystem/update-lock.js';

/**
 * The data that JavaScript and the addon exchange. `native/binding/wire.h` describes the same in C++. The
 * addon exports its description as `wire`, and `test/unit/wire.test.ts` compares the two.
 */
export const WIRE = {
  /** The arguments of a save, in this order (`WireRequest`). */
  request: [
    ...['path', 'data', 'choice', 'flags', 'mode', 'createMode', 'uid', 'gid'],
    ...['previous', 'expected', 'temporary', 'ticket'],
  ],
  /** The bits of `flags`, from the lowest bit up. */
  flags: [
    ...(['exclusive', 'followSymlinks', 'makeDirectories'] as const),
    ...(['preserveMode', 'preserveOwner', 'preserveAttributes', 'strict'] as const),
    ...(['hasMode', 'hasUid', 'hasGid', 'ownerRequired', 'timed'] as const),
    ...(['expectsMissing', 'usesDefaultPlan', 'amongMany', 'onlyIfWritable'] as const),
  ],
  /**
   * The meaning of each `choice`, and the order of the plans in a decision: the forced protocol, if any, and
   * the durability.
   */
  choices: [...['durable', 'ordered', 'none'], ...['sync-rename-sync, durable', 'sync-rename-sync, ordered']],
  protocols: ['single-commit', 'sync-rename-sync', 'rename'] satisfies Protocol[],
  durabilities: ['durable', 'ordered', 'none'] satisfies Durability[],
  updateLocks: ['everywhere', 'local', 'machine', 'none'] satisfies UpdateLock[],
  groupSyncs: ['none', 'data', 'data-and-names'] satisfies GroupSync[],
  /** The reasons of a `Failure`. */
  reasons: [
    ...['system', 'not-a-file', 'not-a-symlink', 'not-a-directory', 'mount-point'],
    ...['foreign-link', 'foreign-file', 'wrong-target', 'not-durable'],
    ...['unsupported', 'no-lock', 'changed', 'cannot-keep', 'same-path', 'cancelled'],
  ],
  /** The order of `Outcome.stages`. */
  stages: [
    ...(['queue', 'locate', 'create', 'write', 'attributes'] satisfies Stage[]),
    ...(['sync', 'close', 'wait', 'rename', 'syncDirectory'] satisfies Stage[]),
  ],
  /** The properties of these objects. */
  outcome: ['published', 'replaced', 'protocol', 'durability', 'bytes', 'stages'],
  failure: ['published', 'reason', 'errno', 'syscall', 'path', 'dest', 'stages'],
  planRequest: ['major', 'minor', 'mountId', 'generation', 'syncs', 'directory'],
  plan: ['protocol', 'achieves', 'unnamed', 'pinsReplaced'],
  decision: [
    ...['plans', 'inMemory', 'local', 'updateLock', 'syncfs', 'groupSyncfs'],
    ...['reportsOnClose', 'directorySyncWaits', 'learnsAfter', 'ofMountAlone'],
  ],
  /** The calls of `native/save/optional_calls.cc`. */
  optionalCalls: [
    ...(['open(O_TMPFILE)', 'linkat(/proc/self/fd)', 'sync_file_range'] as const),
    ...(['renameat2(RENAME_NOREPLACE)', 'renameat2(RENAME_EXCHANGE)', 'linkat'] as const),
    ...(['ioctl(FS_IOC_FSGETXATTR)', 'syncfs', 'fsync of a directory'] as const),
    ...(['ioctl(FICLONE)', 'copy_file_range'] as const),
  ] satisfies UnavailableCall[],
} as const;

/**
 * The bit of each flag. `usesDefaultPlan`: without a decision, use the default plan and request none.
 * `amongMany`: the caller makes many saves together, so that it pays to wake a thread for some of them.
 */
export const FLAG = Object.fromEntries(WIRE.flags.map((name, bit) => [name, 1 << bit])) as Readonly<
  Record<(typeof WIRE.flags)[number], number>
>;

export type NativePath = string | Buffer;

/** The arguments of one save. */
export type WireRequest = [
  path: NativePath,
  /** Empty for a streaming save, and if the content of `temporary` is published. */
  data: Uint8Array,
  choice: number,
  flags: number,
  mode: number,
  /** The mode, less the umask, of a file that has neither `mode` nor the mode of the replaced file. */
  createMode: number,
  uid: number,
  gid: number,
  /** The path at which the replaced version is kept. */
  previous: NativePath | undefined,
  /** The handle of a file: the save fails unless the target is the version that was read. 0: any version. */
  expected: number,
  /** The handle of a temporary to publish. 0: publish `data`. */
  temporary: number,
  /** A number from `issueTicket`, for `cancel`. 0: the save is never cancelled. */
  ticket: number,
];

/** Why a native call failed. Paths are bytes. A path is absent if it is that of the target. */
export interface Failure {
  readonly published: boolean;
  readonly reason:
    | 'system'
    | 'not-a-file'
    | 'not-a-symlink'
    | 'not-a-directory'
    | 'mount-point'
    | 'foreign-link'
    | 'foreign-file'
    | 'wrong-target'
    | 'not-durable'
    | 'unsupported'
    | 'no-lock'
    | 'changed'
    | 'cannot-keep'
    | 'same-path'
    | 'cancelled';
  /** The `errno` of the C library. */
  readonly errno: number;
  readonly syscall: string;
  readonly path?: Buffer;
  readonly dest?: Buffer;
  readonly stages?: Stages;
}

/** The real outcome of a save, whichever thread or copy of the library decided about the filesystem. */
export interface Outcome {
  readonly published: true;
  readonly reason?: undefined;
  readonly replaced: boolean;
  readonly protocol: Protocol;
  readonly durability: Durability;
  /** The size of the file in bytes; only if JavaScript does not know it. */
  readonly bytes?: number;
  readonly stages?: Stages;
}

/** The time in each stage in nanoseconds, in the order of `WIRE.stages`; only with the flag `timed`. */
export type Stages = readonly number[];

/** A filesystem about which the addon needs a decision, at this generation of the mount table. */
export interface PlanRequest {
  readonly major: number;
  readonly minor: number;
  /** 0 if the kernel does not tell it. */
  readonly mountId: number;
  readonly generation: number;
  /**
   * The number of groups of durable saves that have synced the data of a new file there since it was mounted
   * or its options changed.
   */
  readonly syncs: number;
  /** A directory on that filesystem. */
  readonly directory: Buffer;
}

/**
 * The result of a synchronous call that did nothing because it needs decisions first. Provide them and call
 * it again.
 */
export interface PlansNeeded {
  readonly plansNeeded: readonly PlanRequest[];
}

/** The plan of a save for one choice. */
export interface WirePlan {
  readonly protocol: Protocol;
  readonly achieves: Durability;
  readonly unnamed: boolean;
  readonly pinsReplaced: boolean;
}

/** The decision about a filesystem. */
export interface WireDecision {
  /** In the order of `WIRE.choices`. */
  readonly plans: readonly WirePlan[];
  readonly inMemory: boolean;
  /** `Decision.local`. */
  readonly local: boolean;
  /** `Decision.updateLock`. */
  readonly updateLock: UpdateLock;
  /** One `syncfs` makes a tree durable, and reports write errors. */
  readonly syncfs: boolean;
  /** `Decision.groupSyncfs`. */
  readonly groupSyncfs: GroupSync;
  /** `Decision.reportsOnClose`. */
  readonly reportsOnClose: boolean;
  /** `Decision.directorySyncWaits`. */
  readonly directorySyncWaits: boolean;
  /** The decision is requested again after this number of `PlanRequest.syncs`. 0: never. */
  readonly learnsAfter: number;
  /** `Decision.ofMountAlone`. */
  readonly ofMountAlone: boolean;
}

export function needsPlans<T extends object>(answer: T | PlansNeeded): answer is PlansNeeded {
  return 'plansNeeded' in answer;
}
