/**
 * Another program on the same machine: it syncs a file of its own from time to time, and so makes the
 * filesystem commit at other moments than the saver's. On btrfs fsync writes only a log of the one file, so
 * half of the time it syncs the whole filesystem.
 *
 *   node neighbour-process.js '{"directory": …, "seed": …}'
 */
import { execFileSync } from 'node:child_process';
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../random.js';
import { NEIGHBOUR_FILE, NEIGHBOUR_TEXT } from './files.js';

export interface NeighbourTask {
  directory: string;
  seed: number;
}

/** Longest pause between two syncs, in milliseconds. */
const LONGEST_PAUSE = 30;
const LENGTH = 512;

const { directory, seed } = JSON.parse(process.argv[2] ?? '') as NeighbourTask;
const random = new Random(seed);
const path = join(directory, NEIGHBOUR_FILE);
const file = openSync(path, 'w');
const content = Buffer.alloc(LENGTH, NEIGHBOUR_TEXT);
const write = () => writeSync(file, content, 0, LENGTH, 0);
write();
fsyncSync(file);
execFileSync('sync', ['--file-system', path]);
process.stdout.write('ready\n');
// The saver holds the other end. When it ends, this process must release the volume.
process.stdin.on('end', () => process.exit(0)).resume();
for (;;) {
  await sleep(random.next() * LONGEST_PAUSE);
  write();
  if (random.coin()) fsyncSync(file);
  else execFileSync('sync', ['--file-system', path]);
}
