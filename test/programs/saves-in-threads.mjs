// The main thread saves into a directory in memory. Then a worker saves into a directory on a disk and into
// the one in memory. Then the main thread saves on the disk. Prints the durability and protocol of each save
// as JSON.
//   arguments: directory in memory, directory on a disk
import { once } from 'node:events';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { save } from '../../dist/index.js';

async function achieved(directories) {
  const outcomes = [];
  for (const directory of directories) {
    const { durability, protocol } = await save(join(directory, 'file'), 'content');
    outcomes.push({ durability, protocol });
  }
  return outcomes;
}

if (isMainThread) {
  const [memory, disk] = process.argv.slice(2);
  const before = await achieved([memory]);
  const worker = new Worker(new URL(import.meta.url), { workerData: [disk, memory] });
  const [inWorker] = await once(worker, 'message');
  const after = await achieved([disk]);
  console.log(JSON.stringify({ memory: [before[0], inWorker[1]], disk: [after[0], inWorker[0]] }));
} else {
  parentPort.postMessage(await achieved(workerData));
}
