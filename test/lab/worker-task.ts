import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';

/** Tells the main thread that this worker thread has loaded its modules, and waits for its task. */
export async function receiveTask(): Promise<unknown> {
  if (parentPort === null) throw new Error('not a worker thread');
  const received = once(parentPort, 'message');
  parentPort.postMessage('loaded');
  const [task] = await received;
  return task;
}
