import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { Bench, Task } from 'tinybench';
import { FEWEST_ROUNDS } from './confidence.js';
import { LogHistogram } from './log-histogram.js';

/** Something that is measured run by run, and its measurements. */
export class Subject {
  /** Unique among the subjects measured together. */
  readonly name: string;
  readonly run: () => unknown;
  /** Whether `run` returns a promise. Then a run ends when the promise settles. */
  readonly asynchronous: boolean;
  /** Measuring goes on for its sake until it has so many samples, and the rounds of a confidence interval. */
  readonly wanted: number;
  /** Of all runs, in nanoseconds, to three digits. */
  readonly latencies: RecordableHistogram = createHistogram();
  /** The same in coarse logarithmic steps, for a drawing. */
  readonly histogram = new LogHistogram();
  /** The median of each round, in nanoseconds. Their spread shows how much the rest of the machine disturbs. */
  readonly roundMedians: number[] = [];
  /** Cache flushes of the disk for each run, one number for each round. Flushes of other programs are included. */
  readonly flushes: number[] = [];

  constructor(name: string, run: () => unknown, asynchronous: boolean, wanted = 0) {
    this.name = name;
    this.run = run;
    this.asynchronous = asynchronous;
    this.wanted = wanted;
  }

  get lacksSamples(): boolean {
    return (
      this.wanted > 0 && (this.latencies.count < this.wanted || this.roundMedians.length < FEWEST_ROUNDS)
    );
  }
}

export interface RoundsOptions {
  seconds: number;
  /** When measuring ends although a subject lacks samples that are wanted of it. Default: `seconds`. */
  longest?: number;
  signal: AbortSignal;
  /** Called before each turn with the elapsed seconds and the name of the subject. */
  onTurn(elapsed: number, name: string): void;
  /** Returns the number of cache flushes so far. Called before and after each turn. */
  countFlushes?: (() => number) | undefined;
  /** Called after each round. The measuring waits for it. */
  onRound?: ((isLast: boolean) => Promise<void>) | undefined;
}

/** Long enough for many runs on a fast disk. Short enough for Ctrl-C, which takes effect between two turns. */
const LONGEST_TURN_MS = 100;
/** With fewer rounds, a slow moment of the machine would affect only some subjects. */
const WANTED_ROUNDS = 8;

/**
 * Measures the subjects in rounds. Each has a short turn in every round, so that a slow moment of the machine affects
 * all of them alike. Every other round runs backwards, so that no subject always follows the same one.
 *
 * Takes `seconds`, and then finishes the last round. There is at least one round. While a subject lacks samples that
 * are wanted of it, further rounds follow, with the subjects alone of which some are wanted.
 *
 * @throws the error of a subject. After an abort: the signal's reason, when the current turn has ended.
 */
export async function measureInRounds(
  subjects: readonly Subject[],
  { seconds, longest = seconds, signal, onTurn, countFlushes, onRound }: RoundsOptions,
): Promise<void> {
  const bench = new Bench({
    time: Math.min(LONGEST_TURN_MS, (seconds * 1000) / (subjects.length * WANTED_ROUNDS)),
    iterations: 1,
    warmup: false,
    retainSamples: true,
    throws: true,
  });
  const entries = subjects.map((subject) => ({
    subject,
    task: new Task(bench, subject.name, subject.run, { async: subject.asynchronous }),
  }));

  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const goesOn = () => elapsed() < longest && subjects.some(({ lacksSamples }) => lacksSamples);
  for (let round = 0, isLast = false; !isLast; round++) {
    const isFurther = round > 0 && elapsed() >= seconds;
    const turns = isFurther ? entries.filter(({ subject }) => subject.wanted > 0) : entries;
    for (const { subject, task } of round % 2 === 0 ? turns : turns.toReversed()) {
      onTurn(elapsed(), subject.name);
      // Without this, synchronous subjects would never let the event loop handle a signal.
      await setImmediate();
      task.reset();
      const flushesBefore = countFlushes?.();
      await task.run();
      const flushesAfter = countFlushes?.();
      signal.throwIfAborted();
      const { result } = task;
      if (result.state !== 'completed') throw new Error(`${subject.name} was not measured: ${result.state}`);
      const samples = result.latency.samples ?? [];
      for (const sample of samples) {
        subject.latencies.record(nanoseconds(sample));
        subject.histogram.record(sample * 1000);
      }
      if (flushesBefore !== undefined && flushesAfter !== undefined) {
        subject.flushes.push((flushesAfter - flushesBefore) / samples.length);
      }
      subject.roundMedians.push(nanoseconds(result.latency.p50));
    }
    isLast = elapsed() >= seconds && !goesOn();
    await onRound?.(isLast);
  }
}

/** At least 1, the lowest value of a histogram. */
function nanoseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1e6));
}
