// Starts worker threads that save version after version, and terminates each after a growing time. Then saves
// in the main thread.
//   arguments: directory, number of threads, started one after the other
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { save } from '../../dist/index.js';
import { contentOf } from './version.mjs';

const [directory, count] = process.argv.slice(2);
for (let round = 0; round < Number(count); round += 1) {
  const worker = new Worker(new URL('worker-saving.mjs', import.meta.url), { argv: [directory] });
  await new Promise((resolve) => worker.once('message', resolve));
  for (let turn = 0; turn < round * 3; turn += 1) await nextTurn();
  await worker.terminate();
}
await save(join(directory, 'after'), contentOf(1));
console.log('saved');
