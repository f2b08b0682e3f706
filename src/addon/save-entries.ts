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
 * What `native/binding/save_entries.cc` exports. Every argument is checked there; a wrong one throws with Node's codes. A ticket
 * is a number of `issueTicket`.
 */
export interface SaveEntries {
  /** `WIRE` as the addon has it, in JSON. */
  readonly wire: string;
  save(...request: WireRequest): Promise<Outcome | Failure>;
  saveSync(...request: WireRequest): Outcome | Failure | PlansNeeded;
  /** Several saves, their arguments in a row. */
  saveGroupSync(...requests: WireRequest[number][]): (Outcome | Failure)[] | PlansNeeded;
  /** The beginning of a save whose data comes in chunks. With `PlansNeeded` it is to be called again. */
  openSave(...request: WireRequest): Promise<0 | Failure | PlansNeeded>;
  openSaveSync(...request: WireRequest): 0 | Failure | PlansNeeded;
  appendToSave(ticket: number, data: Uint8Array): Promise<0 | Failure>;
  appendToSaveSync(ticket: number, data: Uint8Array): 0 | Failure;
  /** The ticket is of no use afterwards. */
  finishSave(ticket: number): Promise<Outcome | Failure>;
  /** With `PlansNeeded` it is to be called again. */
  finishSaveSync(ticket: number): Outcome | Failure | PlansNeeded;
  abandonSave(ticket: number): Promise<Stages | undefined>;
  abandonSaveSync(ticket: number): Stages | undefined;
  /** A number that no thread and no copy of the library is given again. */
  issueTicket(): number;
  /** Does nothing where the save is over. */
  cancel(ticket: number): void;
  /** Cancels what this thread has asked for and is not published, and waits until its temporaries are gone. */
  takeBack(): void;
  /** Called when saves of this thread wait for a decision. Where it throws, they go on with the default plan. */
  setPlanProvider(provider: (request: PlanRequest) => WireDecision): void;
  /** Holds for the process, as long as the mount table stays as it was. */
  providePlan(request: PlanRequest, decision: WireDecision): void;
  /** Resolves when every update of the path that has joined before, in any thread, has left; `undefined` where they have. */
  joinUpdates(ticket: number, path: NativePath): Promise<void> | undefined;
  leaveUpdates(ticket: number): void;
  /** For how many milliseconds none of those ahead has left. */
  updatesIdle(ticket: number): number;
  /** Whether this thread has an update of the path under way. */
  hasUpdates(path: NativePath): boolean;
}
