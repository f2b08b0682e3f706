/** The form of `recordings.json`, which `npm run see:record` writes and the page plays. Times are in microseconds. */
export const SCHEMA = 'indelible-see/1';

export interface Recordings {
  schema: typeof SCHEMA;
  kernel: string;
  node: string;
  processors: string;
  /** ISO 8601. */
  date: string;
  seed: number;
  /** What one flush of the disk's cache takes. */
  flush: number;
  /** What records all of it again. */
  command: string;
  recipes: readonly Recipe[];
  pairs: readonly Pair[];
}

export type Promised = 'durable' | 'ordered';

/** A way to save a file. */
export interface Recipe {
  id: string;
  title: string;
  /** One sentence. */
  summary: string;
  /** What a resolved promise says: that the new version survives a crash, or that no crash tears the file. */
  promises: Promised;
  /** The function as it ran. */
  code: string;
}

/** One recipe on one filesystem. */
export interface Pair {
  filesystem: string;
  recipe: string;
  /** What files were found to hold, in the form of `encodeFound`; the recordings refer to them by index. */
  found: readonly string[];
  /** Nothing else runs. Of several recordings the quickest. */
  alone: Run;
  /** Another program syncs a file of its own. Of several recordings the one whose crashes show most. */
  beside: Run;
  cost: Cost;
  /** All recordings beside another program, this one and the others. */
  survey: Survey;
}

/** What the save cost with nothing else running, in the quickest of `recordings` recordings. */
export interface Cost {
  recordings: number;
  duration: number;
  flushes: number;
  /** Bytes that the disk was asked to write, until the promise resolved. */
  written: number;
}

/** How the crash states of several recordings ended. */
export interface Survey {
  recordings: number;
  /** Until the program was told that it was saved. */
  before: Tally;
  /** From then on. */
  after: Tally;
}

/** Crash states by what stood under the file's name; `litter`: how many of them had a file more than that. */
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

/** One save. Time 0 is the call of it. */
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
  /** What another process read: the moment from which, and the index into `found`. */
  reads: readonly (readonly [at: number, found: number])[];
  /** What a crash leaves when the first N of the requests are complete, for N from 0 to all of them. */
  crashes: readonly Crash[];
}

/** A system call. */
export interface Call {
  /** The program whose save it is, or the other one. */
  by: 'saver' | 'neighbour';
  /** 0 is the main thread. */
  thread: number;
  name: string;
  /** With arguments, as strace prints them, shortened. */
  text: string;
  result: string;
  start: number;
  duration: number;
  /** How many bytes of the new version it has put into the filesystem. */
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

/** A write or a flush, as the disk got it. */
export interface DiskRequest {
  kind: RequestKind;
  start: number;
  end: number;
  /** Bytes from the start of the disk, and how many; both 0 for a flush. */
  offset: number;
  length: number;
  /** Which cells of the new version are in it: the first, and the one behind the last. */
  cells?: readonly [first: number, end: number];
  /** Of a flush: how many of the run's requests it makes durable. */
  covers?: number;
}

export interface Crash {
  /** Index into `found`, whether a file more was left, and in how many of the states that were mounted. */
  outcomes: readonly (readonly [found: number, litter: 0 | 1, states: number])[];
  /** What is found if the disk keeps everything that was in its cache. */
  all: number;
  /** What is found if it keeps nothing of it: what is on the platter. */
  none: number;
}
