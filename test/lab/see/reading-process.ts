/**
 * Another process that reads the file over and over. Prints a line when it has begun, and at the end of its input a list
 * in JSON: from when on it found what.
 *
 *   node reading-process.js FILE
 */
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { encodeFound, MISSING } from '../../../docs/see-it-work/settings-file.js';
import { now } from './clock.js';

/** What it found from a moment on, in microseconds since 1970. */
export type Reading = readonly [at: number, found: string];

/** Between two looks at standard input. */
const READS_AT_A_TIME = 20;

const file = process.argv[2] ?? '';
const readings: Reading[] = [];
let reading = true;
process.stdin.on('end', () => {
  reading = false;
});
process.stdin.resume();
look();
process.stdout.write('reading\n');
while (reading) {
  for (let count = 0; count < READS_AT_A_TIME; count++) look();
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(JSON.stringify(readings));

function look(): void {
  const at = now();
  const found = read();
  if (found !== readings.at(-1)?.[1]) readings.push([at, found]);
}

function read(): string {
  let descriptor: number;
  try {
    // The access time of a file that was read is something to write, too; O_NOATIME leaves it alone.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOATIME);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return MISSING;
    throw error;
  }
  try {
    return encodeFound(readFileSync(descriptor));
  } finally {
    closeSync(descriptor);
  }
}
