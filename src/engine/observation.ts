import { channel } from 'node:diagnostics_channel';
import type { Durability } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import type { Saved, SaveParameters, SaveRequest } from '../base/save-request.js';
import { StageTimer, type StageTimes } from '../base/stage-timer.js';
import type { Engine } from './engine.js';

/** How long a save took, in nanoseconds: in each stage, and as a whole. */
export interface SaveTimes extends StageTimes {
  /** From the call to its result. Of data in chunks also what the producer took, which no stage counts. */
  total: number;
}

/** Published on `indelible:save:start` when a save is called, in the same tick. */
export interface SaveStarted {
  /** The same in all messages about one save, and in no other's of this process; with the portable engine, of this thread. */
  readonly id: number;
  readonly engine: 'native' | 'portable';
  /** Absolute, as it was asked for. */
  readonly path: AbsolutePath;
  /** How many bytes it will write; `undefined` for data that arrives in chunks. */
  readonly bytes: number | undefined;
  /** What was asked for. */
  readonly durability: Durability;
  readonly ifExists: 'replace' | 'fail';
}

/** Published on `indelible:save:end` when a save has gone well, just before its caller hears of it. */
export interface SaveEnded extends SaveStarted {
  /** What the caller gets: sizes, the durability that was achieved, the protocol. */
  readonly saved: Saved;
  readonly times: SaveTimes;
}

/** Published on `indelible:save:error` when a save has failed or was given up, just before its caller hears of it. */
export interface SaveFailed extends SaveStarted {
  /** What the caller gets, a `SaveError` mostly; `undefined` for a stream that was destroyed without one. */
  readonly error: unknown;
  readonly times: SaveTimes;
}

// Plain channels: of `node:diagnostics_channel` those are stable, its TracingChannel is not.
const started = channel('indelible:save:start');
const ended = channel('indelible:save:end');
const failed = channel('indelible:save:error');

/** Whether anybody listens. Nothing is measured, and nothing made to be published, for nobody. */
export function isObserved(): boolean {
  return started.hasSubscribers || ended.hasSubscribers || failed.hasSubscribers;
}

/** One save that somebody wants to know about. */
export class Observation {
  readonly timer = new StageTimer();
  readonly #start: SaveStarted;
  readonly #since: bigint;
  #over = false;

  constructor(engine: Pick<Engine, 'name' | 'issueId'>, request: SaveParameters | SaveRequest) {
    const { path, durability, ifExists } = request;
    const bytes = 'data' in request ? request.data.byteLength : undefined;
    this.#start = { id: engine.issueId(), engine: engine.name, path, bytes, durability, ifExists };
    started.publish(this.#start);
    this.#since = process.hrtime.bigint();
  }

  /** The request of a save whose stages are measured. */
  measured<Request extends SaveParameters>(request: Request): Request & { timer: StageTimer } {
    return { ...request, timer: this.timer };
  }

  ended(saved: Saved): void {
    if (this.#take()) ended.publish({ ...this.#start, saved, times: this.#times() } satisfies SaveEnded);
  }

  failed(error: unknown): void {
    if (this.#take()) failed.publish({ ...this.#start, error, times: this.#times() } satisfies SaveFailed);
  }

  /** A save has one end, the first. */
  #take(): boolean {
    const first = !this.#over;
    this.#over = true;
    return first;
  }

  #times(): SaveTimes {
    const total = Number(process.hrtime.bigint() - this.#since);
    return { ...this.timer.spent, total };
  }
}
