import type { Durability, Protocol } from '../base/options.js';
import type { Stage } from '../base/stage-timer.js';

/**
 * The values that cross between JavaScript and the addon. `native/binding/wire.h` describes the same in C++. The
 * addon exports its description as `wire`, and `test/unit/wire.test.ts` compares the two.
 */
export const WIRE = {
  /** The arguments of a save, in this order (`WireRequest`). */
  request: [
    ...['path', 'data', 'choice', 'flags', 'mode', 'uid', 'gid'],
    ...['previous', 'expected', 'temporary', 'ticket'],
  ],
  /** The bits of `flags`, from the lowest on. */
  flags: [
    ...(['exclusive', 'followSymlinks', 'makeDirectories', 'preservePermissions'] as const),
    ...(['preserveAll', 'strict', 'hasMode', 'hasOwner', 'timed'] as const),
    ...(['expectsMissing', 'usesDefaultPlan'] as const),
  ],
  /** The values of `choice`, and the order of a decision's plans: the requested durability, and whether a protocol is forced. */
  choices: [...['durable', 'ordered', 'none'], ...['sync-rename-sync, durable', 'sync-rename-sync, ordered']],
  protocols: ['single-commit', 'sync-rename-sync', 'rename'] satisfies Protocol[],
  durabilities: ['durable', 'ordered', 'none'] satisfies Durability[],
  /** Of a `Failure`. */
  reasons: [
    ...['system', 'not-a-file', 'not-a-symlink', 'not-a-directory', 'mount-point', 'not-durable'],
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
  decision: ['plans', 'inMemory', 'syncfs', 'learnsAfter'],
} as const;

/** The bit of each flag. `usesDefaultPlan`: without a decision the default plan is used, and no plan is requested. */
export const FLAG = Object.fromEntries(WIRE.flags.map((name, bit) => [name, 1 << bit])) as Readonly<
  Record<(typeof WIRE.flags)[number], number>
>;

export type NativePath = string | Buffer;

/** The arguments of one save. */
export type WireRequest = [
  path: NativePath,
  /** Empty for a streaming save, and if the content is that of a temporary. */
  data: Uint8Array,
  choice: number,
  flags: number,
  mode: number,
  uid: number,
  gid: number,
  /** The path that keeps the replaced version. */
  previous: NativePath | undefined,
  /** The handle of a file that was read: the save fails unless the target is that version. 0: any version. */
  expected: number,
  /** The handle of a temporary, whose content is published. 0: `data` is. */
  temporary: number,
  /** From `issueTicket`, to cancel the save by. 0: it is never cancelled. */
  ticket: number,
];

/** Why a native call failed. Paths are bytes. Without a path the failure is about the target. */
export interface Failure {
  readonly published: boolean;
  readonly reason:
    | 'system'
    | 'not-a-file'
    | 'not-a-symlink'
    | 'not-a-directory'
    | 'mount-point'
    | 'not-durable'
    | 'unsupported'
    | 'no-lock'
    | 'changed'
    | 'cannot-keep'
    | 'same-path'
    | 'cancelled';
  /** The C library's number. */
  readonly errno: number;
  readonly syscall: string;
  readonly path?: Buffer;
  readonly dest?: Buffer;
  readonly stages?: Stages;
}

/** What a save has really done, whichever thread or copy of the library decided about the filesystem. */
export interface Outcome {
  readonly published: true;
  readonly reason?: undefined;
  readonly replaced: boolean;
  readonly protocol: Protocol;
  readonly durability: Durability;
  /** The size of the file in bytes; present only if JavaScript does not know it. */
  readonly bytes?: number;
  readonly stages?: Stages;
}

/** The nanoseconds that a save spent in each stage, in the order of `WIRE.stages`; only with the flag `timed`. */
export type Stages = readonly number[];

/** The addon needs a decision about this filesystem, for this generation of the mount table. */
export interface PlanRequest {
  readonly major: number;
  readonly minor: number;
  /** 0 if the kernel does not report it. */
  readonly mountId: number;
  readonly generation: number;
  /** The number of groups of durable saves that have synced the data of a new file there since the mount table changed. */
  readonly syncs: number;
  /** A directory on that filesystem. */
  readonly directory: Buffer;
}

/** A synchronous call has done nothing because it needs decisions first. It must be repeated when they are provided. */
export interface PlansNeeded {
  readonly plansNeeded: readonly PlanRequest[];
}

/** How saves with one choice are made on a filesystem. */
export interface WirePlan {
  readonly protocol: Protocol;
  readonly achieves: Durability;
  readonly unnamed: boolean;
  readonly pinsReplaced: boolean;
}

/** The plans for one filesystem. */
export interface WireDecision {
  /** In the order of `WIRE.choices`. */
  readonly plans: readonly WirePlan[];
  readonly inMemory: boolean;
  /** Whether one `syncfs` makes a whole tree durable, and reports its failures. */
  readonly syncfs: boolean;
  /** After this number of those syncs the decision is requested again. 0: never. */
  readonly learnsAfter: number;
}

export function needsPlans<T extends object>(answer: T | PlansNeeded): answer is PlansNeeded {
  return 'plansNeeded' in answer;
}
