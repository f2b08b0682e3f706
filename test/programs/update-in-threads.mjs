// Adds 1 to the number in a file in several worker threads concurrently. One more thread begins an update and
// is terminated while it holds the lock.
//   arguments: path, number of threads, updates of each thread
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { update } from '../../dist/index.js';

if (isMainThread) {
  const [path, threads, count] = process.argv.slice(2);
  const start = (data) => new Worker(new URL(import.meta.url), { workerData: { path, ...data } });
  const holder = start({ holds: true });
  await once(holder, 'message');
  const workers = Array.from({ length: Number(threads) }, () => start({ count: Number(count) }));
  const ended = workers.map((worker) => once(worker, 'exit'));
  await holder.terminate();
  await Promise.all(ended);
} else if (workerData.holds) {
  await update(workerData.path, () => {
    parentPort.postMessage('holding');
    return new Promise(() => setInterval(() => undefined, 1000));
  });
} else {
  const options = { encoding: 'utf8', timeout: Number.POSITIVE_INFINITY };
  for (let done = 0; done < workerData.count; done += 1) {
    await update(workerData.path, (number = '0') => String(Number(number) + 1), options);
  }
}
