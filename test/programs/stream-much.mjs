// Writes 300 MiB to a save stream, and prints the growth of the process's peak memory in bytes.
//   arguments: path
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSaveStream } from '../../dist/index.js';

function peakMemory() {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
  return Number(kibibytes) * 1024;
}

const chunk = Buffer.alloc(1024 * 1024, 'x');
const stream = createSaveStream(process.argv[2], { durability: 'none' });
await new Promise((resolve) => stream.write(chunk, resolve));
const before = peakMemory();
for (let written = 1; written < 300; written += 1) {
  if (!stream.write(chunk)) await once(stream, 'drain');
}
stream.end();
await once(stream, 'finish');
console.log(peakMemory() - before);
