/**
 * The form of `recordings.json`, which `npm run see:record` writes and the page plays. Times are in
 * microseconds.
 */
export const SCHEMA = 'indelible-see/2';

export interface Recordings {
  schema: typeof SCHEMA;
  /** The time of one flush of the disk's cache. */
  flush: number;
  /** The pairs refer to them by index. */
  sessions: readonly Session[];
  recipes: readonly Recipe[];
  pairs: readonly Pair[];
}

/** One run of the recorder. */
export interface Session {
  kernel: string;
  node: string;
  processors: string;
  /** ISO 8601. */
  date: string;
  seed: number;
  /** The command that repeats the recordings. */
  command: string;
  /** The commit of the code that was recorded. */
  commit?: string;
}

export type Promised = 'durable' | 'ordered';

/** A way to save a file. */
export interface Recipe {
  id: string;
  title: string;
  /** One sentence. */
  summary: string;
  /** What a resolved promise means: the new version survives a crash, or no crash tears the file. */
  promises: Promised;
  /** The function as it ran. */
  code: string;
}

/** One recipe on one filesystem. */
export interface Pair {
  filesystem: string;
  recipe: string;
  /** Index of the session that recorded it. */
  session: number;
  /** The contents that were found, in the form of `encodeFound`. The recordings refer to them by index. */
  found: readonly string[];
  /** The quickest of several recordings with nothing else running. */
  alone: Run;
  /**
   * Recorded while another program syncs a file of its own: of several recordings the one whose crashes show
   * most.
   */
  beside: Run;
  cost: Cost;
  /** All recordings made while another program syncs, including `beside`. */
  survey: Survey;
}

/** A recording, and what it is of. */
export interface Shown {
  pair: Pair;
  run: Run;
  recipe: Recipe;
}

/** The cost of the save with nothing else running, in the quickest of `recordings` recordings. */
export interface Cost {
  recordings: number;
  duration: number;
  flushes: number;
  /** Bytes that were written to the disk until the promise resolved. */
  written: number;
}

/** The outcomes of the crash states of several recordings. */
export interface Survey {
  recordings: number;
  /** Until the promise resolved. */
  before: Tally;
  /** After the promise resolved. */
  after: Tally;
}

/** Crash states by the content at the file's path; `litter`: how many of them had an additional file. */
export interface Tally {
  states: number;
  old: number;
  new: number;
  empty: number;
  missing: number;
  torn: number;
  unmountable: number;
  litter: number;
}

/** One save. Time 0 is the call. */
export interface Run {
  /** The recording's first and last moment. */
  begin: number;
  end: number;
  /** When the promise was settled, and why it was rejected if it was. */
  settled: number;
  rejected?: string;
  calls: readonly Call[];
  /** In the order in which the disk completed them. */
  requests: readonly DiskRequest[];
  /** What another process read: since when, and the index into `found`. */
  reads: readonly (readonly [at: number, found: number])[];
  /** The outcomes of a crash when the first N requests are complete, for N from 0 to all of them. */
  crashes: readonly Crash[];
}

/** A system call. */
export interface Call {
  /** The program that saves, or the other one. */
  by: 'saver' | 'neighbour';
  /** 0 is the main thread. */
  thread: number;
  name: string;
  /** With arguments, as strace prints them, shortened. */
  text: string;
  result: string;
  start: number;
  duration: number;
  /** How many bytes of the new version it wrote. */
  bytes?: number;
}

export const REQUEST_KINDS = [
  'flush',
  'data',
  'neighbour',
  'journal',
  'commit',
  'log',
  'tree',
  'superblock',
  'metadata',
] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** A write or a flush, as the disk received it. */
export interface DiskRequest {
  kind: RequestKind;
  start: number;
  end: number;
  /** Bytes; 0 for a flush. */
  length: number;
  /** The cells of the new version in it: the first, and the one after the last. */
  cells?: readonly [first: number, end: number];
  /** For a flush: how many of the run's requests it makes durable. */
  covers?: number;
}

export interface Crash {
  /** Index into `found`, whether an additional file was left, and in how many of the mounted states. */
  outcomes: readonly (readonly [found: number, litter: 0 | 1, states: number])[];
  /** What is found if the disk keeps all of its cache. */
  all: number;
  /** What is found if the disk keeps nothing of its cache: what is on the platter. */
  none: number;
}
