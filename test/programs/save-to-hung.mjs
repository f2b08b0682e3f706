// Saves to a filesystem that hangs, ends in some way while the save hangs, and says so.
//   arguments: how it ends, a directory on the filesystem that hangs, a directory on another filesystem
// The filesystem must hang when the program has printed `begun`, and the parent then closes the input.
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createSaveStream, openTemporary, save } from '../../dist/index.js';

const [how, hung, other] = isMainThread ? process.argv.slice(2) : workerData;

/** Everything that may hang later: a stream and a temporary that are open, and saves. */
async function begin() {
  const stream = createSaveStream(join(hung, 'stream'));
  stream.on('error', () => {});
  await new Promise((resolve) => stream.write('new', resolve));
  await openTemporary(hung);
  return () => {
    stream.write('more');
    for (const name of ['file', 'other']) save(join(hung, name), 'new').catch(() => {});
  };
}

async function untilItHangs() {
  console.log('begun');
  process.stdin.resume();
  await once(process.stdin, 'end');
}

if (!isMainThread) {
  const hang = await begin();
  parentPort.postMessage('begun');
  await once(parentPort, 'message');
  hang();
  parentPort.postMessage('hanging');
} else if (how === 'exit') {
  const hang = await begin();
  await untilItHangs();
  hang();
  await pause(200);
  await save(join(other, 'file'), 'new');
  process.exit(7);
} else {
  const worker = new Worker(new URL(import.meta.url), { workerData: [how, hung, other] });
  await once(worker, 'message');
  await untilItHangs();
  worker.postMessage('hang');
  await once(worker, 'message');
  await pause(200);
  await worker.terminate();
  await save(join(other, 'file'), 'new');
  console.log('terminated');
  process.exit(7);
}
