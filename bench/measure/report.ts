import { cpus, hostname, release, type } from 'node:os';
import type { RecordableHistogram } from 'node:perf_hooks';
import type { Durability, Protocol } from '../../src/base/options.js';
import type { Filesystem } from '../../src/filesystem/filesystem.js';
import type { FullDisk } from '../contenders/contender.js';
import { type Interval, median, medianInterval } from './confidence.js';
import type { Guarantee } from './guarantee.js';
import type { Steps } from './log-histogram.js';
import type { Noise } from './noise.js';
import type { Subject } from './rounds.js';

/**
 * The JSON document of `indelible bench`; `docs/bench.md` describes it. A change that breaks readers gets a new
 * `schema`. Unknown values are `null`. Times are in microseconds, to four digits.
 */
export interface Report {
  schema: 'indelible-bench/3';
  /** This package's version. */
  indelible: string;
  /** When the measuring began, as ISO 8601. */
  date: string;
  machine: {
    /** The name by which reports are recognised as those of one machine: its host name, unless another was given. */
    name: string;
    node: string;
    /** The kernel's name and release. */
    kernel: string;
    processors: string;
    /** The engine of `save`. If it is the portable one, also the reason why the addon is not used. */
    engine: string;
  };
  /** How long each directory was to be measured. */
  seconds: number;
  /** One for each path on the command line, in that order. */
  runs: Run[];
}

/** The measurements in one directory. */
export interface Run {
  directory: string;
  /** The result of `inspect`. */
  filesystem: Filesystem;
  /** By which a replaced disk is told from its predecessor. `null` if it is hidden. */
  uuid: string | null;
  /** The protocol of a durable `save` there, and the durability that it achieved. */
  save: { protocol: Protocol; durability: Durability };
  /** The size of what was written and saved, except in `bySize`. */
  bytes: number;
  /** The sync primitives of this system, each alone. */
  baseline: Result[];
  /** Sync primitives that this system lacks. */
  unavailable: { name: string; error: string }[];
  /** Blocks that are appended, each with an `fdatasync`. A run is `atOnce` blocks in as many files. */
  appends: AppendResult[];
  /** One save at a time. */
  contenders: ContenderResult[];
  /** Implementations that could not save there even once. */
  failed: { name: string; error: string }[];
  /** The time of each step: of `sync-rename-sync`, and of the protocol of `save` there if it is another one. */
  stages: { protocol: Protocol; steps: { name: string; samples: number; microseconds: Percentiles }[] }[];
  bySize: { bytes: number; results: Result[] }[];
  /** A run is `atOnce` saves of as many files, started together. */
  byConcurrency: { atOnce: number; results: Result[] }[];
  /** Sizes and numbers at once that were left out, because the free space is too small. */
  noRoomFor: string[];
  /** What other programs did during the rounds. `null` where that is not visible. */
  noise: Noise[] | null;
  findings: Finding[];
}

/** A percentile is `null` where there are fewer samples than `SAMPLES_NEEDED`. */
export interface Percentiles {
  median: number;
  mean: number;
  minimum: number;
  p90: number | null;
  p99: number | null;
  p999: number | null;
  maximum: number;
}

/** With fewer samples, a percentile would be the maximum under another name. */
export const SAMPLES_NEEDED = { p90: 10, p99: 100, p999: 1000 } as const;

/** What the numbers mean, as a sentence. */
export interface Finding {
  about:
    | 'noise'
    | 'place'
    | 'rate'
    | 'unsynced'
    | 'textbook'
    | 'flush'
    | 'etcd'
    | 'durability'
    | 'concurrency'
    | 'competitor';
  /** `'bad'`: worth a closer look. */
  says: 'good' | 'bad' | 'neutral';
  text: string;
  /** Whether it follows from a rule of thumb, and not from the numbers alone. */
  heuristic: boolean;
}

/** The measurements of one subject. */
export interface Result {
  name: string;
  description: string;
  /** How many runs were timed. */
  samples: number;
  /** Runs a second, calculated from the mean. Saves a second where a run is several saves. */
  perSecond: number;
  /** Cache flushes that the kernel sent to the disk for each run, or each save: the median of the rounds. */
  flushes: number | null;
  /**
   * The median is that of the medians of the rounds. The median of all samples would be that of the fast rounds, which
   * have more samples in the same time, and the interval would not be its own.
   */
  microseconds: Percentiles & {
    /** The 95 % confidence interval of the median, from the medians of the rounds. `null` with fewer than six rounds. */
    interval: Interval | null;
    /** One for each round, in their order. */
    roundMedians: number[];
  };
  /** How many samples lie in each step of a logarithmic scale, in microseconds. */
  histogram?: Steps;
}

export interface AppendResult extends Result {
  bytes: number;
  atOnce: number;
}

export interface ContenderResult extends Result {
  /** What the implementation promises about power loss, on a filesystem that keeps what is synced. */
  durability: Durability;
  package: string | null;
  asynchronous: boolean;
  /** Left out of the measurements by size and by number at once, except with `--full`. */
  minor: boolean;
  /** Its median, divided by the median of `fdatasync` in the baseline. */
  baselines: number;
  guarantee: Guarantee;
  fullDisk: FullDisk | null;
}

/** The machine that measures. */
export function thisMachine(): Omit<Report['machine'], 'engine'> {
  return {
    name: hostname(),
    node: process.versions.node,
    kernel: `${type()} ${release()}`,
    processors: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
  };
}

/** @param savesPerRun the number of saves in one run. */
export function resultOf(subject: Subject, description: string, savesPerRun = 1): Result {
  const { latencies, roundMedians, flushes } = subject;
  const steps = subject.histogram.steps();
  const interval = medianInterval(roundMedians);
  return {
    name: subject.name,
    description,
    samples: latencies.count,
    perSecond: rounded((savesPerRun * 1e9) / latencies.mean),
    flushes: flushes.length === 0 ? null : rounded(median(flushes) / savesPerRun),
    microseconds: {
      ...percentilesOf(latencies),
      median: microseconds(median(roundMedians)),
      interval: interval === undefined ? null : [microseconds(interval[0]), microseconds(interval[1])],
      roundMedians: roundMedians.map(microseconds),
    },
    ...(steps !== undefined && { histogram: steps }),
  };
}

export function percentilesOf(latencies: RecordableHistogram): Percentiles {
  const percentile = (percent: number, needed: number) =>
    latencies.count < needed ? null : microseconds(latencies.percentile(percent));
  return {
    median: microseconds(latencies.percentile(50)),
    mean: microseconds(latencies.mean),
    minimum: microseconds(latencies.min),
    p90: percentile(90, SAMPLES_NEEDED.p90),
    p99: percentile(99, SAMPLES_NEEDED.p99),
    p999: percentile(99.9, SAMPLES_NEEDED.p999),
    maximum: microseconds(latencies.max),
  };
}

function microseconds(nanoseconds: number): number {
  return rounded(nanoseconds / 1000);
}

/** To four digits, one more than the histogram keeps. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
