import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { Bench, Task } from 'tinybench';

/** Something whose one run is worth timing, and what was measured of it. */
export class Subject {
  /** Unique among the subjects measured together. */
  readonly name: string;
  readonly run: () => unknown;
  /** Whether `run` returns a promise; the time counts until that settles. */
  readonly asynchronous: boolean;
  /** Of every single run, in nanoseconds, to three digits. */
  readonly latencies: RecordableHistogram = createHistogram();
  /** The median of each round, in nanoseconds: how much the mood of the machine moves it. */
  readonly roundMedians: number[] = [];
  /** Cache flushes of the disk for each run, one number for each round. Others' flushes are among them. */
  readonly flushes: number[] = [];

  constructor(name: string, run: () => unknown, asynchronous: boolean) {
    this.name = name;
    this.run = run;
    this.asynchronous = asynchronous;
  }
}

export interface RoundsOptions {
  seconds: number;
  signal: AbortSignal;
  /** Called before each turn with the seconds that are over and the name of the subject whose turn it is. */
  onTurn(elapsed: number, name: string): void;
  /** How many cache flushes there have been so far; asked before and after each turn. */
  countFlushes?: (() => number) | undefined;
}

/** Many runs on a fast disk, and short enough for a Ctrl-C, which is seen between two turns. */
const LONGEST_TURN_MS = 100;
/** With fewer, a slow moment of the machine would hit one subject and spare the others. */
const WANTED_ROUNDS = 8;

/**
 * Times the subjects in rounds, each for a short turn, so that whatever else the machine does meanwhile hits all of
 * them alike. Every other round runs backwards, so that none always follows the same one.
 *
 * Takes `seconds`, or longer where the disk is so slow that the last round is not over yet; there is at least one.
 *
 * @throws what a subject throws; the signal's reason as soon as a turn ends after it was aborted.
 */
export async function measureInRounds(
  subjects: readonly Subject[],
  { seconds, signal, onTurn, countFlushes }: RoundsOptions,
): Promise<void> {
  const bench = new Bench({
    time: Math.min(LONGEST_TURN_MS, (seconds * 1000) / (subjects.length * WANTED_ROUNDS)),
    iterations: 1,
    warmup: false,
    retainSamples: true,
    throws: true,
  });
  const lanes = subjects.map((subject) => ({
    subject,
    task: new Task(bench, subject.name, subject.run, { async: subject.asynchronous }),
  }));

  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  for (let round = 0; round === 0 || elapsed() < seconds; round++) {
    for (const { subject, task } of round % 2 === 0 ? lanes : lanes.toReversed()) {
      onTurn(elapsed(), subject.name);
      // Synchronous subjects alone would never let the event loop see a signal.
      await setImmediate();
      task.reset();
      const flushesBefore = countFlushes?.();
      await task.run();
      const flushesAfter = countFlushes?.();
      signal.throwIfAborted();
      const { result } = task;
      if (result.state !== 'completed') throw new Error(`${subject.name} was not measured: ${result.state}`);
      const samples = result.latency.samples ?? [];
      for (const sample of samples) subject.latencies.record(nanoseconds(sample));
      if (flushesBefore !== undefined && flushesAfter !== undefined) {
        subject.flushes.push((flushesAfter - flushesBefore) / samples.length);
      }
      subject.roundMedians.push(nanoseconds(result.latency.p50));
    }
  }
}

/** A histogram counts from 1. */
function nanoseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1e6));
}
