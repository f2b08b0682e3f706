// A worker that puts versions of its own under a path, by exchange, until it is stopped; then it tells what it has put
// there and what it has got out.
import { readFileSync, writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { RENAME_EXCHANGE, renameat2Sync } from '../../dist/primitives.js';

const { own, file, stop } = workerData;
const put = [];
const got = [];
while (Atomics.load(stop, 0) === 0) {
  const version = `rival ${put.length}`;
  writeFileSync(own, version);
  renameat2Sync(own, file, RENAME_EXCHANGE);
  put.push(version);
  got.push(readFileSync(own, 'utf8'));
}
parentPort.postMessage({ put, got });
