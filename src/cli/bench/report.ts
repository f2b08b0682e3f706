import type { Durability, Protocol } from '../../index.js';
import type { DiskHead } from './disk.js';
import type { Subject } from './rounds.js';

/** The JSON document that `indelible bench --json` writes. A change that breaks a reader gets a new `schema`. */
export interface Report {
  schema: 'indelible-bench/1';
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
  /** One for each path that was asked for, in that order. */
  runs: Run[];
}

/** What was measured in one directory. */
export interface Run {
  directory: string;
  disk: DiskHead;
  /** What a durable `save` does and achieves here. */
  save: { protocol: Protocol; durability: Durability };
  /** The size of what was saved. */
  bytes: number;
  floor: Result;
  contenders: ContenderResult[];
  /** Contenders that could not save here even once. */
  failed: { name: string; error: string }[];
}

/** The latencies of one subject. */
export interface Result {
  name: string;
  description: string;
  /** How many runs were timed. */
  samples: number;
  /** Runs per second, one at a time: the reciprocal of the mean. */
  perSecond: number;
  microseconds: {
    median: number;
    mean: number;
    p90: number;
    p99: number;
    p999: number;
    maximum: number;
    /** One for each round, in order. */
    roundMedians: number[];
  };
}

export interface ContenderResult extends Result {
  /** What it promises about power loss, on a filesystem that keeps what is synced. */
  durability: Durability;
  /** Its median in medians of the floor. */
  rawFlushes: number;
}

export function resultOf(subject: Subject, description: string): Result {
  const { latencies, roundMedians } = subject;
  return {
    name: subject.name,
    description,
    samples: latencies.count,
    perSecond: rounded(1e9 / latencies.mean),
    microseconds: {
      median: microseconds(latencies.percentile(50)),
      mean: microseconds(latencies.mean),
      p90: microseconds(latencies.percentile(90)),
      p99: microseconds(latencies.percentile(99)),
      p999: microseconds(latencies.percentile(99.9)),
      maximum: microseconds(latencies.max),
      roundMedians: roundMedians.map(microseconds),
    },
  };
}

function microseconds(nanoseconds: number): number {
  return rounded(nanoseconds / 1000);
}

/** Four digits: one more than the histogram keeps. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
