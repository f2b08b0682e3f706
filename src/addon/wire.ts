import type { Durability, Protocol } from '../base/options.js';
import type { Stage } from '../base/stage-timer.js';

/**
 * What crosses the border between JavaScript and the addon, described once: `native/binding/wire.h` says the same in C++. The
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
  /** What `choice` counts, and the order of a decision's plans: the durability that is asked for, and whether a protocol is forced. */
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

/** Each flag's bit. `usesDefaultPlan`: where there is no decision, none is asked for. */
export const FLAG = Object.fromEntries(WIRE.flags.map((name, bit) => [name, 1 << bit])) as Readonly<
  Record<(typeof WIRE.flags)[number], number>
>;

export type NativePath = string | Buffer;

/** One save as the addon takes it. */
export type WireRequest = [
  path: NativePath,
  /** Empty where the data comes in chunks, or is what a temporary holds. */
  data: Uint8Array,
  choice: number,
  flags: number,
  mode: number,
  uid: number,
  gid: number,
  /** Where the replaced version is kept. */
  previous: NativePath | undefined,
  /** The handle of a file that was read: the save fails unless the target is that version. 0: any version. */
  expected: number,
  /** The handle of a temporary, whose content is published. 0: `data` is. */
  temporary: number,
  /** From `issueTicket`, to cancel the save by. 0: it is never cancelled. */
  ticket: number,
];

/** Why a native call failed. Paths are bytes, and absent where it is simply the target's. */
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

/** What a save came to: what really happened, whichever thread or copy of the library decided about the filesystem. */
export interface Outcome {
  readonly published: true;
  readonly reason?: undefined;
  readonly replaced: boolean;
  readonly protocol: Protocol;
  readonly durability: Durability;
  /** How many bytes the file has; only where the addon alone knows. */
  readonly bytes?: number;
  readonly stages?: Stages;
}

/** How long a save was in each stage, in nanoseconds, in the order of `WIRE.stages`; only with the flag `timed`. */
export type Stages = readonly number[];

/** A filesystem that the addon needs a decision about, as it was under this generation of the mount table. */
export interface PlanRequest {
  readonly major: number;
  readonly minor: number;
  /** 0 where the kernel does not tell. */
  readonly mountId: number;
  readonly generation: number;
  /** How many groups of durable saves have synced the data of a new file there since the mount table changed. */
  readonly syncs: number;
  /** On that filesystem. */
  readonly directory: Buffer;
}

/** What a synchronous call answers when nothing was done, and decisions are needed first: then it is to be called again. */
export interface PlansNeeded {
  readonly plansNeeded: readonly PlanRequest[];
}

/** How a save of one kind goes about it. */
export interface WirePlan {
  readonly protocol: Protocol;
  readonly achieves: Durability;
  readonly unnamed: boolean;
  readonly pinsReplaced: boolean;
}

/** What was decided about a filesystem. */
export interface WireDecision {
  /** In the order of `WIRE.choices`. */
  readonly plans: readonly WirePlan[];
  readonly inMemory: boolean;
  /** One `syncfs` makes a tree durable, and says so when it cannot. */
  readonly syncfs: boolean;
  /** After so many of those syncs the decision is asked for again. 0: never. */
  readonly learnsAfter: number;
}

export function needsPlans<T extends object>(answer: T | PlansNeeded): answer is PlansNeeded {
  return 'plansNeeded' in answer;
}
