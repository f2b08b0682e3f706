/**
 * Another process that reads the file repeatedly. It prints a line when it has begun. When its input ends, it
 * prints its readings as JSON.
 *
 *   node reading-process.js FILE
 */
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { encodeFound, MISSING } from '../../../docs/see-it-work/settings-file.js';
import { now } from './clock.js';

/** What it found, and since when, in microseconds since 1970. */
export type Reading = readonly [at: number, found: string];

/** Reads between two checks of standard input. */
const READS_AT_A_TIME = 20;

const file = process.argv[2] ?? '';
const readings: Reading[] = [];
let reading = true;
process.stdin.on('end', () => {
  reading = false;
});
process.stdin.resume();
readAgain();
process.stdout.write('reading\n');
while (reading) {
  for (let count = 0; count < READS_AT_A_TIME; count++) readAgain();
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(JSON.stringify(readings));

function readAgain(): void {
  const at = now();
  const found = read();
  if (found !== readings.at(-1)?.[1]) readings.push([at, found]);
}

function read(): string {
  let descriptor: number;
  try {
    // Without O_NOATIME each read would change the access time, which is one more thing to write.
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
