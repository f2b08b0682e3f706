// A worker thread that saves version after version until it is terminated. Sends a message when it has begun.
//   argument: directory
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { save, saveSync } from '../../dist/index.js';
import { contentOf } from './version.mjs';

const [directory] = process.argv.slice(2);
for (let version = 1; ; version += 1) {
  const saves = ['one', 'two', 'three'].map((name) =>
    save(join(directory, name), contentOf(version), { durability: version % 2 === 0 ? 'none' : 'durable' }),
  );
  saveSync(join(directory, 'four'), contentOf(version), { durability: 'none' });
  if (version === 1) parentPort.postMessage('saving');
  await Promise.all(saves);
}
