// A worker thread that exchanges its own versions with the file at a path until it is stopped. Then it sends
// the versions that it has put there and those that it has got.
import { readFileSync, writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { RENAME_EXCHANGE, renameat2Sync } from '../../dist/primitives.js';

const { own, file, stop } = workerData;
const put = [];
const got = [];
while (Atomics.load(stop, 0) === 0) {
  const version = `exchange ${put.length}`;
  writeFileSync(own, version);
  renameat2Sync(own, file, RENAME_EXCHANGE);
  put.push(version);
  got.push(readFileSync(own, 'utf8'));
}
parentPort.postMessage({ put, got });
