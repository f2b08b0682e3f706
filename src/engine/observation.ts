import { channel } from 'node:diagnostics_channel';
import { nowExactly } from '../base/clock.js';
import type { Durability } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import type { Saved, SaveParameters, SaveRequest } from '../base/save-request.js';
import { StageTimer, type StageTimes } from '../base/stage-timer.js';
import type { Engine } from './engine.js';

/**
 * The duration of a save, in nanoseconds: of each stage, and in total.
 *
 * @category Events
 */
export interface SaveTimes extends StageTimes {
  /**
   * From the call to its result. For data in chunks it includes the time of the producer, which no stage
   * counts.
   */
  total: number;
}

/**
 * Published on `indelible:save:start` when a save is called, in the same tick.
 *
 * @category Events
 */
export interface SaveStarted {
  /**
   * The same in all messages about one save. Unique in the process; with the portable engine, in the thread.
   */
  readonly id: number;
  readonly engine: 'native' | 'portable';
  /** The path that was given, made absolute. */
  readonly path: AbsolutePath;
  /** The number of bytes to write; `undefined` for data that arrives in chunks. */
  readonly bytes: number | undefined;
  /** The requested durability. */
  readonly durability: Durability;
  readonly ifExists: 'replace' | 'fail';
}

/**
 * Published on `indelible:save:end` when a save has succeeded, just before the caller gets the result.
 *
 * @category Events
 */
export interface SaveEnded extends SaveStarted {
  /** The result for the caller: size, achieved durability, protocol. */
  readonly saved: Saved;
  readonly times: SaveTimes;
}

/**
 * Published on `indelible:save:error` when a save has failed or was abandoned, just before the caller gets
 * the error.
 *
 * @category Events
 */
export interface SaveFailed extends SaveStarted {
  /**
   * The error for the caller, in most cases a `SaveError`; `undefined` for a stream that was destroyed
   * without an error.
   */
  readonly error: unknown;
  readonly times: SaveTimes;
}

// Plain channels of `node:diagnostics_channel` are stable. Its TracingChannel is not.
const started = channel('indelible:save:start');
const ended = channel('indelible:save:end');
const failed = channel('indelible:save:error');

/** Whether a channel has subscribers. Without subscribers nothing is measured or allocated. */
export function isObserved(): boolean {
  return started.hasSubscribers || ended.hasSubscribers || failed.hasSubscribers;
}

/** The observation of one save. */
export class Observation {
  readonly timer = new StageTimer();
  readonly #start: SaveStarted;
  readonly #startedAt: bigint;
  #ended = false;

  constructor(engine: Pick<Engine, 'name' | 'issueId'>, request: SaveParameters | SaveRequest) {
    const { path, durability, ifExists } = request;
    const bytes = 'size' in request ? request.size : undefined;
    this.#start = { id: engine.issueId(), engine: engine.name, path, bytes, durability, ifExists };
    started.publish(this.#start);
    this.#startedAt = nowExactly();
  }

  /** The request with a timer, so that its stages are measured. */
  measured<Request extends SaveParameters>(request: Request): Request & { timer: StageTimer } {
    return { ...request, timer: this.timer };
  }

  /** Runs a part of the save. If it fails, the save has failed. */
  async run<T>(part: () => Promise<T>): Promise<T> {
    try {
      return await part();
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** The same on the calling thread. */
  runSync<T>(part: () => T): T {
    try {
      return part();
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  ended(saved: Saved): Saved {
    if (this.#end()) ended.publish({ ...this.#start, saved, times: this.#times() } satisfies SaveEnded);
    return saved;
  }

  failed(error: unknown): void {
    if (this.#end()) failed.publish({ ...this.#start, error, times: this.#times() } satisfies SaveFailed);
  }

  /** @returns whether this is the first end of the save. Only the first one is published. */
  #end(): boolean {
    const first = !this.#ended;
    this.#ended = true;
    return first;
  }

  #times(): SaveTimes {
    const total = Number(nowExactly() - this.#startedAt);
    return { ...this.timer.spent, total };
  }
}
