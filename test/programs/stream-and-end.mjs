// Ends while save streams are open: some wait for their producer, others have more to write.
//   arguments: path, 'natural' | 'exit' | 'terminate'
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { createSaveStream } from '../../dist/index.js';

const [path, ending] = process.argv.slice(2);
if (isMainThread && ending === 'terminate') {
  const worker = new Worker(new URL(import.meta.url), { argv: [path, ending] });
  await once(worker, 'message');
  await worker.terminate();
} else {
  // Named temporaries and unnamed ones alike.
  for (const durability of ['durable', 'none']) {
    const waiting = createSaveStream(path, { durability });
    await new Promise((resolve) => waiting.write('half', resolve));
    const writing = createSaveStream(path, { durability });
    await new Promise((resolve) => writing.write('half', resolve));
    writing.write(Buffer.alloc(5_000_000));
  }
  if (ending === 'exit') process.exit(0);
  parentPort?.postMessage('open');
}
