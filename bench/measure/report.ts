import type { RecordableHistogram } from 'node:perf_hooks';
import type { Durability, Protocol } from '../../src/base/options.js';
import type { Filesystem } from '../../src/filesystem/filesystem.js';
import type { FullDisk } from '../contenders/contender.js';
import { type Interval, median, medianInterval } from './confidence.js';
import type { Guarantee } from './guarantee.js';
import type { Subject } from './rounds.js';

/**
 * The JSON document of `indelible bench`; `docs/bench.md` describes it. A change that breaks a reader gets a new
 * `schema`. What is not known is `null`. Times are in microseconds, to four digits.
 */
export interface Report {
  schema: 'indelible-bench/2';
  /** This package's version. */
  indelible: string;
  /** When the measuring began, as ISO 8601. */
  date: string;
  machine: {
    node: string;
    /** The kernel's name and release. */
    kernel: string;
    processors: string;
    /** What serves `save`; the portable engine with the reason why the addon does not. */
    engine: string;
  };
  /** How long was to be measured in each directory. */
  seconds: number;
  /** One for each path that was asked for, in that order. */
  runs: Run[];
}

/** What was measured in one directory. */
export interface Run {
  directory: string;
  /** What `inspect` says of it. */
  filesystem: Filesystem;
  /** What a durable `save` did and achieved there. */
  save: { protocol: Protocol; durability: Durability };
  /** The size of what was written and saved, except by size. */
  bytes: number;
  /** The sync primitives that exist there, each alone. */
  baseline: Result[];
  unavailable: { name: string; error: string }[];
  /** One save at a time. */
  contenders: ContenderResult[];
  /** Contenders that could not save there even once. */
  failed: { name: string; error: string }[];
  /** Where the time of a save goes: the textbook's steps, and those that `save` takes there if they are others. */
  stages: { protocol: Protocol; steps: { name: string; microseconds: Percentiles }[] }[];
  bySize: { bytes: number; results: Result[] }[];
  /** A run is `atOnce` saves of as many files, started together. */
  byConcurrency: { atOnce: number; results: Result[] }[];
  /** Sizes and numbers at once for which there was no room. */
  noRoomFor: string[];
  findings: Finding[];
}

/** What the numbers mean, as a sentence. */
export interface Finding {
  about: 'flush' | 'etcd' | 'rate' | 'durability' | 'concurrency' | 'competitor' | 'place';
  /** `'bad'`: something to look into. */
  says: 'good' | 'bad' | 'neutral';
  text: string;
  /** Whether it follows from a rule of thumb, rather than from the numbers alone. */
  heuristic: boolean;
}

export interface Percentiles {
  median: number;
  mean: number;
  minimum: number;
  p90: number;
  p99: number;
  p999: number;
  maximum: number;
}

/** What one subject took. */
export interface Result {
  name: string;
  description: string;
  /** How many runs were timed. */
  samples: number;
  /** Runs a second, or saves where a run is several: from the mean. */
  perSecond: number;
  /** Cache flushes that the disk was sent for each run, or save: the median of the rounds. */
  flushes: number | null;
  microseconds: Percentiles & {
    /** The 95 % confidence interval of the median, from the rounds; `null` with fewer than six. */
    interval: Interval | null;
    /** One for each round, in order. */
    roundMedians: number[];
  };
}

export interface ContenderResult extends Result {
  /** What it promises about power loss, on a filesystem that keeps what is synced. */
  durability: Durability;
  package: string | null;
  asynchronous: boolean;
  /** Not among those that are measured by size and by number at once, unless with `--full`. */
  minor: boolean;
  /** Its median in medians of the baseline, `fdatasync`. */
  baselines: number;
  guarantee: Guarantee;
  fullDisk: FullDisk | null;
}

/** @param savesPerRun how many saves a run is. */
export function resultOf(subject: Subject, description: string, savesPerRun = 1): Result {
  const { latencies, roundMedians, flushes } = subject;
  const interval = medianInterval(roundMedians);
  return {
    name: subject.name,
    description,
    samples: latencies.count,
    perSecond: rounded((savesPerRun * 1e9) / latencies.mean),
    flushes: flushes.length === 0 ? null : rounded(median(flushes) / savesPerRun),
    microseconds: {
      ...percentilesOf(latencies),
      interval: interval === undefined ? null : [microseconds(interval[0]), microseconds(interval[1])],
      roundMedians: roundMedians.map(microseconds),
    },
  };
}

export function percentilesOf(latencies: RecordableHistogram): Percentiles {
  return {
    median: microseconds(latencies.percentile(50)),
    mean: microseconds(latencies.mean),
    minimum: microseconds(latencies.min),
    p90: microseconds(latencies.percentile(90)),
    p99: microseconds(latencies.percentile(99)),
    p999: microseconds(latencies.percentile(99.9)),
    maximum: microseconds(latencies.max),
  };
}

function microseconds(nanoseconds: number): number {
  return rounded(nanoseconds / 1000);
}

/** Four digits: one more than the histogram keeps. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
