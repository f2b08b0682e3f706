// Saves 300 MiB, and prints the growth of the process's peak memory in bytes.
//   arguments: form, path
import { readFileSync } from 'node:fs';
import { save, saveSync } from '../../dist/index.js';

const [form, path] = process.argv.slice(2);
const options = { durability: 'none' };

function peakMemory() {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
  return Number(kibibytes) * 1024;
}

const data = Buffer.alloc(300 * 1024 * 1024, 'x');
const before = peakMemory();
if (form === 'save') await save(path, data, options);
else saveSync(path, data, options);
console.log(peakMemory() - before);
