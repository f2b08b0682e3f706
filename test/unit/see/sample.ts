import type { Pair, Recordings, Run, Tally } from '../../../docs/see-it-work/recordings.js';

/** Old, new, empty, torn. */
export const FOUND = ['10240:o20', '15360:n30', '0:', '15360:n8z22'];
export const [OLD, NEW, EMPTY, TORN] = [0, 1, 2, 3] as const;

/** One save: written by 20, in the disk's cache by 40, flushed by 60, renamed by 70, the name committed by 120. */
export const RUN: Run = {
  begin: -10,
  end: 200,
  settled: 130,
  calls: [
    {
      by: 'saver',
      thread: 0,
      name: 'write',
      text: '3<a>, "…", 15360',
      result: '15360',
      start: 10,
      duration: 10,
      bytes: 15360,
    },
    { by: 'saver', thread: 0, name: 'fdatasync', text: '3<a>', result: '0', start: 21, duration: 40 },
    {
      by: 'saver',
      thread: 0,
      name: 'rename',
      text: '"a", "settings.json"',
      result: '0',
      start: 65,
      duration: 5,
    },
    { by: 'neighbour', thread: 0, name: 'fsync', text: '4<b>', result: '0', start: 80, duration: 60 },
  ],
  requests: [
    { kind: 'data', start: 30, end: 40, length: 15360, cells: [0, 30] },
    { kind: 'journal', start: 45, end: 50, length: 4096 },
    { kind: 'flush', start: 46, end: 60, length: 0, covers: 1 },
    { kind: 'commit', start: 90, end: 100, length: 4096 },
    { kind: 'flush', start: 101, end: 120, length: 0, covers: 4 },
  ],
  reads: [
    [-10, OLD],
    [66, NEW],
  ],
  crashes: [
    { outcomes: [[OLD, 0, 1]], all: OLD, none: OLD },
    { outcomes: [[OLD, 0, 4]], all: OLD, none: OLD },
    { outcomes: [[OLD, 0, 4]], all: OLD, none: OLD },
    { outcomes: [[OLD, 1, 4]], all: OLD, none: OLD },
    {
      outcomes: [
        [NEW, 0, 5],
        [OLD, 1, 2],
        [TORN, 0, 1],
      ],
      all: NEW,
      none: OLD,
    },
    { outcomes: [[NEW, 0, 1]], all: NEW, none: NEW },
  ],
};

const TALLY: Tally = { states: 10, old: 6, new: 4, empty: 0, missing: 0, torn: 0, unmountable: 0, litter: 2 };

export function pair(filesystem: string, recipe: string, run: Run = RUN): Pair {
  return {
    filesystem,
    recipe,
    session: 0,
    found: FOUND,
    alone: run,
    beside: run,
    cost: { recordings: 3, duration: 130, flushes: 2, written: 23552 },
    survey: { recordings: 2, before: TALLY, after: TALLY },
  };
}

export const RECORDINGS: Recordings = {
  schema: 'indelible-see/2',
  flush: 20,
  sessions: [
    {
      kernel: 'Linux 0',
      node: '0',
      processors: '1 x none',
      date: '2026-01-01T00:00:00.000Z',
      seed: 1,
      command: 'npm run see:record',
    },
  ],
  recipes: [
    { id: 'textbook', title: 'T', summary: 'S', promises: 'durable', code: 'c' },
    { id: 'save', title: 'T', summary: 'S', promises: 'durable', code: 'c' },
    { id: 'only-btrfs', title: 'T', summary: 'S', promises: 'ordered', code: 'c' },
  ],
  pairs: [
    ...['ext4', 'btrfs'].flatMap((filesystem) => [pair(filesystem, 'textbook'), pair(filesystem, 'save')]),
    pair('btrfs', 'only-btrfs'),
  ],
};
