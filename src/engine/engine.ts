import type { EngineName } from '../base/options.js';
import type { Saved, SaveParameters, SaveRequest } from '../base/save-request.js';
import type { WaitLimit } from '../base/wait-limit.js';

/**
 * A save whose data arrives in chunks: its temporary is there, and no thread waits. Each call is made when the one
 * before has settled; whatever fails, the save must be abandoned.
 */
export interface StreamingSave {
  /** Writes all of the chunk, which must not change meanwhile. */
  write(chunk: Uint8Array): Promise<void>;
  /** Takes its place among the saves to its path, and publishes. */
  finish(): Promise<Saved>;
  /**
   * Removes what was written, unless it is published. May be called at any time, and again; does not reject. Any other
   * call rejects from then on.
   *
   * @param reason the error that led to it, if there is one.
   */
  abandon(reason: unknown): Promise<void>;
}

/** The same on the calling thread. */
export interface StreamingSaveSync {
  write(chunk: Uint8Array): void;
  finish(): Saved;
  abandon(reason: unknown): void;
}

/** The order of the updates of one path that this process makes. */
export interface UpdateQueue {
  /**
   * Runs the task when every update of the path that was asked for before is over. At most 64 run at once.
   *
   * @throws what the task throws, or what patience is exhausted with.
   */
  run<T>(path: string, patience: WaitLimit, task: () => Promise<T>): Promise<T>;
  /** Whether this thread has an update of the path under way. */
  hasActiveUpdate(path: string): boolean;
}

/** Where the facade and the two implementations of a save meet. Both give the same results and the same errors. */
export interface Engine {
  readonly name: EngineName;
  /** Saves to one path are published in the order of the calls. */
  save(request: SaveRequest): Promise<Saved>;
  /** On the calling thread, after every save to this path that was called before. */
  saveSync(request: SaveRequest): Saved;
  /** Several on the calling thread, which share their directory syncs where the engine can. None throws. */
  saveGroupSync(requests: readonly SaveRequest[]): PromiseSettledResult<Saved>[];
  /** A save whose content is what a temporary holds. */
  publish(request: SaveParameters, temporary: number): Promise<Saved>;
  publishSync(request: SaveParameters, temporary: number): Saved;
  /** The beginning of a save whose data arrives in chunks. Its place in the order of the calls is that of `finish`. */
  open(request: SaveParameters): Promise<StreamingSave>;
  openSync(request: SaveParameters): StreamingSaveSync;
  readonly updates: UpdateQueue;
  /** A number that no other call of any copy of the library gets. */
  issueId(): number;
}

/** The result of a save that may throw. */
export function settle(save: () => Saved): PromiseSettledResult<Saved> {
  try {
    return { status: 'fulfilled', value: save() };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}
