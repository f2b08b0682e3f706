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
 * The exports of `native/binding/save_entries.cc`. Every argument is checked there; a wrong one throws with Node's codes. A ticket
 * is a number of `issueTicket`.
 */
export interface SaveEntries {
  /** The addon's description of the wire, in JSON. */
  readonly wire: string;
  save(...request: WireRequest): Promise<Outcome | Failure>;
  saveSync(...request: WireRequest): Outcome | Failure | PlansNeeded;
  /** Several saves: their arguments one after the other. */
  saveGroupSync(...requests: WireRequest[number][]): (Outcome | Failure)[] | PlansNeeded;
  /** Begins a streaming save. After `PlansNeeded` the call must be repeated. */
  openSave(...request: WireRequest): Promise<0 | Failure | PlansNeeded>;
  openSaveSync(...request: WireRequest): 0 | Failure | PlansNeeded;
  appendToSave(ticket: number, data: Uint8Array): Promise<0 | Failure>;
  appendToSaveSync(ticket: number, data: Uint8Array): 0 | Failure;
  /** The ticket is invalid afterwards. */
  finishSave(ticket: number): Promise<Outcome | Failure>;
  /** After `PlansNeeded` the call must be repeated. */
  finishSaveSync(ticket: number): Outcome | Failure | PlansNeeded;
  abandonSave(ticket: number): Promise<Stages | undefined>;
  abandonSaveSync(ticket: number): Stages | undefined;
  /** A number that is unique in the process, for all threads and copies of the library. */
  issueTicket(): number;
  /** Does nothing if the save has ended. */
  cancel(ticket: number): void;
  /** Cancels the unpublished saves of this thread, and waits until their temporaries are removed. */
  takeBack(): void;
  /** Called when saves of this thread need a plan. If it throws, they use the default plan. */
  setPlanProvider(provider: (request: PlanRequest) => WireDecision): void;
  /** Valid for the whole process until the mount table changes. */
  providePlan(request: PlanRequest, decision: WireDecision): void;
  /** Resolves when every earlier update of the path, in any thread, has ended; `undefined` if none is under way. */
  joinUpdates(ticket: number, path: NativePath): Promise<void> | undefined;
  leaveUpdates(ticket: number): void;
  /** Milliseconds since an earlier update of the path has ended. */
  updatesIdle(ticket: number): number;
  /** Whether this thread has an update of the path under way. */
  hasUpdates(path: NativePath): boolean;
}
