import type { EngineName } from '../base/options.js';
import type { Saved, SaveParameters, SaveRequest } from '../base/save-request.js';
import type { Turn, WaitLimit } from '../base/wait-limit.js';

/**
 * A save whose data arrives in chunks. Its temporary exists, and no thread waits for the data. Each call is
 * made after the previous one has settled. If a call fails, the save must be abandoned.
 */
export interface StreamingSave {
  /** Writes the whole chunk, which must not change meanwhile. */
  write(chunk: Uint8Array): Promise<void>;
  /** Joins the queue of the saves to its path, and publishes. */
  finish(): Promise<Saved>;
  /**
   * Removes the temporary, unless it is published. May be called at any time and repeatedly. Does not reject.
   * Any later call rejects.
   *
   * @param reason the error that caused it, if there is one.
   */
  abandon(reason: unknown): Promise<void>;
}

/** The same on the calling thread. */
export interface StreamingSaveSync {
  write(chunk: Uint8Array): void;
  finish(): Saved;
  abandon(reason: unknown): void;
}

/** Orders the updates of one path in this process. */
export interface UpdateQueue {
  /**
   * Runs the task when every earlier update of the path has ended. At most 64 tasks run at once, in the native
   * engine for each directory, and 192 in all.
   *
   * @throws the error of the task, the timeout error, or the error of the aborted signal.
   */
  run<T>(path: string, limit: WaitLimit, task: (turn: Turn) => Promise<T>): Promise<T>;
  /** Whether an update of the path is active in this thread. */
  hasActiveUpdate(path: string): boolean;
}

/**
 * The interface between the facade and the two implementations of a save. Both give the same results and
 * errors.
 */
export interface Engine {
  readonly name: EngineName;
  /** Saves to one path are published in the order of the calls. */
  save(request: SaveRequest): Promise<Saved>;
  /** On the calling thread, after every earlier save to this path. */
  saveSync(request: SaveRequest): Saved;
  /**
   * Several saves on the calling thread. They share their directory syncs if the engine supports that. Does
   * not throw.
   */
  saveGroupSync(requests: readonly SaveRequest[]): PromiseSettledResult<Saved>[];
  /** A save whose content is that of a temporary. */
  publish(request: SaveParameters, temporary: number): Promise<Saved>;
  publishSync(request: SaveParameters, temporary: number): Saved;
  /**
   * Begins a save whose data arrives in chunks. The call of `finish` decides its place in the order of the
   * saves.
   */
  open(request: SaveParameters): Promise<StreamingSave>;
  openSync(request: SaveParameters): StreamingSaveSync;
  readonly updates: UpdateQueue;
  /** A number that no other call gets, in any copy of the library. */
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
