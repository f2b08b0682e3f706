// Calls save so often in one turn of the event loop that only back-pressure keeps the process alive, for few
// paths, and measures the process meanwhile. Prints as JSON: the most open descriptors, the most threads, the
// peak of memory beyond the start in bytes per save, the saves left in the first turn of the event loop (the
// threads may have kept pace with the calls), and the turns from then on until the last save resolved.
//   arguments: directory, number of saves
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { save } from '../../dist/index.js';

const [directory, count] = process.argv.slice(2);
const PATHS = 1000;
const DATA = Buffer.alloc(4096, 'indelible ');

function peakOfMemory() {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(found?.[1]) * 1024;
}

await save(join(directory, 'first'), DATA, { durability: 'none' });
const before = peakOfMemory();
let left = Number(count);
const all = Promise.all(
  Array.from({ length: Number(count) }, async (_, index) => {
    await save(join(directory, `file${index % PATHS}`), DATA, { durability: 'none' });
    left -= 1;
  }),
);
await nextTurn();
const leftAtFirst = left;
let turns = 0;
let descriptors = 0;
let threads = 0;
while (left > 0) {
  await nextTurn();
  turns += 1;
  descriptors = Math.max(descriptors, readdirSync('/proc/self/fd').length);
  threads = Math.max(threads, readdirSync('/proc/self/task').length);
}
await all;
console.log(
  JSON.stringify({
    descriptors,
    threads,
    left: leftAtFirst,
    turns,
    memory: (peakOfMemory() - before) / Number(count),
  }),
);
