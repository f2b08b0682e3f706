import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { syncfsSync } from 'indelible/primitives';
import { isError } from '../../src/base/errors.js';
import { count, duration } from '../measure/amount.js';
import { median } from '../measure/confidence.js';
import type { FlushCounter } from '../measure/flush-counter.js';
import { SAMPLES_NEEDED } from '../measure/report.js';

/** One way to save at one point of an axis. */
export interface Subject {
  name: string;
  /** Called before each turn, and not measured. */
  prepare?(): unknown;
  /** Some saves. @returns how long each took, in milliseconds. */
  turn(): Promise<number[]>;
}

/** Of a subject at one point. */
export interface Measurements {
  name: string;
  latencies: RecordableHistogram;
  /** One for each turn, in microseconds a save. */
  wall: number[];
  cpu: number[];
  /** One for each turn, for each save. Those of other programs are included. */
  flushes: number[];
  /** Why it could not save. It has no more turns then. */
  error?: string;
}

export interface PointOptions {
  seconds: number;
  signal: AbortSignal;
  /** A descriptor of the filesystem. */
  filesystem: number;
  counter: FlushCounter | undefined;
}

/** The fewest samples that say something about a percentile: one of them is beyond it. */
const PERCENTILES = [
  { head: 'p50', percentile: 50, samples: 2 },
  { head: 'p90', percentile: 90, samples: SAMPLES_NEEDED.p90 },
  { head: 'p99', percentile: 99, samples: SAMPLES_NEEDED.p99 },
  { head: 'p99.9', percentile: 99.9, samples: SAMPLES_NEEDED.p999 },
];

/** Lets the subjects take turns for `seconds`, at least one turn each. Each other round runs backwards. */
export async function measurePoint(
  subjects: readonly Subject[],
  { seconds, signal, filesystem, counter }: PointOptions,
): Promise<Measurements[]> {
  const all = subjects.map((subject) => ({
    subject,
    found: {
      name: subject.name,
      latencies: createHistogram(),
      wall: [],
      cpu: [],
      flushes: [],
    } as Measurements,
  }));
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round === 0 || performance.now() < end; round += 1) {
    for (const { subject, found } of round % 2 === 0 ? all : all.toReversed()) {
      if (found.error !== undefined) continue;
      await subject.prepare?.();
      // What an earlier turn has left for later must not be written during this one.
      if (process.platform === 'linux') syncfsSync(filesystem);
      try {
        await takeTurn(subject, found, counter);
      } catch (error) {
        found.error = isError(error) && 'code' in error ? String(error.code) : String(error);
      }
      signal.throwIfAborted();
    }
  }
  return all.map(({ found }) => found);
}

async function takeTurn(
  subject: Subject,
  { latencies, wall, cpu, flushes }: Measurements,
  counter: FlushCounter | undefined,
): Promise<void> {
  const flushesBefore = counter?.now();
  const usage = process.cpuUsage();
  const begin = performance.now();
  const times = await subject.turn();
  const elapsed = performance.now() - begin;
  const { user, system } = process.cpuUsage(usage);
  const flushesAfter = counter?.now();
  if (flushesBefore !== undefined && flushesAfter !== undefined) {
    flushes.push((flushesAfter - flushesBefore) / times.length);
  }
  wall.push((elapsed * 1000) / times.length);
  cpu.push((user + system) / times.length);
  for (const time of times) latencies.record(Math.max(1, Math.round(time * 1e6)));
}

export const POINT_HEADS = [
  '',
  'saves',
  'each',
  'CPU, each',
  ...PERCENTILES.map(({ head }) => head),
  'flushes, each',
];

/** One row for a subject: medians of the turns, and percentiles of all saves. */
export function pointRow({ name, latencies, wall, cpu, flushes, error }: Measurements): string[] {
  if (error !== undefined) return [name, error, ...POINT_HEADS.slice(2).map(() => '-')];
  return [
    name,
    String(latencies.count),
    duration(median(wall)),
    duration(median(cpu)),
    ...PERCENTILES.map(({ percentile, samples }) =>
      latencies.count < samples ? '-' : duration(latencies.percentile(percentile) / 1000),
    ),
    flushes.length === 0 ? '-' : flushesEach(median(flushes)),
  ];
}

/** Of many saves at once, a flush is shared by all of them. */
function flushesEach(value: number): string {
  return value === 0 || value >= 0.95 ? count(value) : String(Number(value.toPrecision(1)));
}
