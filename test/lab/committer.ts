/**
 * A worker thread that syncs an unrelated file repeatedly, so that the filesystem commits at every possible
 * moment of a save. Without it unsafe recipes look safe, because the next commit is then one of the recipe
 * itself. Sometimes it syncs the whole filesystem, because fsync on btrfs writes only a log of the one file.
 */
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { syncfsSync } from 'indelible/primitives';
import { Random } from './random.js';
import { receiveTask } from './worker-task.js';

/** The task of the worker thread. */
export interface CommitterData {
  file: string;
  seed: number;
}

/**
 * Longest pause, in milliseconds: some crashes must come after a save has resolved and before the next
 * commit.
 */
const LONGEST_PAUSE = 6;

const SYNCS_PER_COMMIT = 8;

const { file, seed } = (await receiveTask()) as CommitterData;
const random = new Random(seed);
const pause = new Int32Array(new SharedArrayBuffer(4));
const fd = openSync(file, 'w');
for (;;) {
  writeSync(fd, 'x', 0);
  if (random.below(SYNCS_PER_COMMIT) > 0) fsyncSync(fd);
  else syncfsSync(fd);
  // Half of the time there is no pause: commits must also come between two steps of one save.
  if (random.coin()) Atomics.wait(pause, 0, 0, random.next() * LONGEST_PAUSE);
}
