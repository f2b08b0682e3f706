/**
 * A worker thread that syncs an unrelated file over and over, so that the filesystem commits at every possible moment
 * of a save. Without it unsafe recipes look safe: the next commit then happens to come from the recipe itself. Now and
 * then it syncs the whole filesystem, because fsync writes no more than a log of the one file on btrfs.
 */
import { execFileSync } from 'node:child_process';
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { Random } from './random.js';

/** What the thread is given. */
export interface CommitterData {
  file: string;
  seed: number;
}

/** Longest pause, in milliseconds: some acknowledged saves must see a crash before the next commit covers for them. */
const LONGEST_PAUSE = 6;

const SYNCS_PER_COMMIT = 8;

const { file, seed } = workerData as CommitterData;
const random = new Random(seed);
const pause = new Int32Array(new SharedArrayBuffer(4));
const fd = openSync(file, 'w');
for (;;) {
  writeSync(fd, 'x', 0);
  if (random.below(SYNCS_PER_COMMIT) > 0) fsyncSync(fd);
  else execFileSync('sync', ['--file-system', file]);
  // Half of the time it goes straight on: commits must also come between two steps of one save.
  if (random.coin()) Atomics.wait(pause, 0, 0, random.next() * LONGEST_PAUSE);
}
