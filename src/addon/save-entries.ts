import type {
  Failure,
  NativePath,
  Outcome,
  PlanRequest,
  PlansNeeded,
  Stages,
  WireDecision,
  WireRequest,
} from './wire.js';

/**
 * The exports of `native/binding/save_entries.cc`, which checks every argument and throws with Node's codes
 * for an invalid one. A ticket is a number from `issueTicket`.
 */
export interface SaveEntries {
  /** The addon's description of `WIRE`, as JSON. */
  readonly wire: string;
  /** A small save to a filesystem in memory may be made at once. */
  save(...request: WireRequest): Promise<Outcome | Failure> | Outcome | Failure;
  saveSync(...request: WireRequest): Outcome | Failure | PlansNeeded;
  /** Several saves. The arguments of each follow those of the one before. */
  saveGroupSync(...requests: WireRequest[number][]): (Outcome | Failure)[] | PlansNeeded;
  /** Begins a streaming save. After `PlansNeeded`, call it again. */
  openSave(...request: WireRequest): Promise<0 | Failure | PlansNeeded>;
  openSaveSync(...request: WireRequest): 0 | Failure | PlansNeeded;
  appendToSave(ticket: number, data: Uint8Array): Promise<0 | Failure>;
  appendToSaveSync(ticket: number, data: Uint8Array): 0 | Failure;
  /** Afterwards the ticket is invalid. */
  finishSave(ticket: number): Promise<Outcome | Failure>;
  /** After `PlansNeeded`, call it again. */
  finishSaveSync(ticket: number): Outcome | Failure | PlansNeeded;
  abandonSave(ticket: number): Promise<Stages | undefined>;
  abandonSaveSync(ticket: number): Stages | undefined;
  /** A unique number in this process, for all threads and all copies of the library. */
  issueTicket(): number;
  /** Whether it is certain that the save publishes nothing. False if it has ended. */
  cancel(ticket: number): boolean;
  /** The process does not stay alive for the pending call with this ticket. */
  unref(ticket: number): void;
  /** Cancels all unpublished saves of this thread, and waits until their temporaries are removed. */
  takeBack(): void;
  /**
   * Sets a function that is called when a save of this thread needs a plan. If it throws, the save uses the
   * default plan.
   */
  setPlanProvider(provider: (request: PlanRequest) => WireDecision): void;
  /** Valid for the whole process until the mount changes, or without `ofMountAlone` any other. */
  providePlan(request: PlanRequest, decision: WireDecision): void;
  /** Resolves when all earlier updates of the path, in any thread, have left; `undefined` if none is left. */
  joinUpdates(ticket: number, path: NativePath): Promise<void> | undefined;
  leaveUpdates(ticket: number): void;
  /** Tells whether the update holds the lock on its directory. */
  holdUpdate(ticket: number, holds: boolean): void;
  /** For how many milliseconds the update has waited (`native/scheduler/update_queue.h`). */
  updateWaited(ticket: number): number;
  /** Whether an update of the path by this thread is running. */
  hasUpdates(path: NativePath): boolean;
}
