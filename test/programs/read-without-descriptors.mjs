// Reads a file with indelible/atomically while no descriptor is free, and prints how each read ended, as JSON. The last
// read goes on while a descriptor becomes free.
//   argument: path
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile, readFileSync } from '../../dist/atomically.js';

const [path] = process.argv.slice(2);
const ends = [];
// Loads everything.
await readFile(path);
execFileSync('prlimit', ['--pid', `${process.pid}`, '--nofile=300']);
let last;
try {
  for (;;) last = openSync(path);
} catch ({ code }) {
  if (code !== 'EMFILE') throw new Error(`opened until ${code}`);
}

await readFile(path, { timeout: 0 }).catch(({ code }) => ends.push(code));
try {
  readFileSync(path, { timeout: 0 });
} catch ({ code }) {
  ends.push(code);
}
const reading = readFile(path, 'utf8');
setTimeout(() => closeSync(last), 20);
ends.push(await reading);
writeSync(1, `${JSON.stringify(ends)}\n`);
