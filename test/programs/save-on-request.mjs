// Prints that it is ready, then makes the saves that its input asks for, one JSON line each. Answers each
// with one JSON line.
//   request: {"form", "path", "data", "options"}, where the form names a function and the rest is its arguments;
//            or "abort", which aborts the asynchronous save under way and is not answered
//
// Forms that end in `Sync` run on a thread that does nothing else and has no event loop to wake. Every system
// call of that thread during a save belongs to the save.
import { writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  exchange,
  exchangeSync,
  openTemporary,
  openTemporarySync,
  renameExclusive,
  renameExclusiveSync,
  replaceDirectory,
  replaceDirectorySync,
  replaceSymlink,
  replaceSymlinkSync,
  save,
  saveSync,
  update,
  updateSync,
} from '../../dist/index.js';

/** Plain `fs` has no lock. */
const LOCK = { lock: process.env.INDELIBLE_ENGINE === 'portable' ? 'thread' : 'machine' };

const forms = {
  ...{ save, saveSync, exchange, exchangeSync, renameExclusive, renameExclusiveSync },
  ...{ publishTemporary, publishTemporarySync },
  ...{ replaceDirectory, replaceDirectorySync, replaceSymlink, replaceSymlinkSync },
  update: (path, data, options) => update(path, () => data, { ...LOCK, ...options }),
  updateSync: (path, data, options) => updateSync(path, () => data, { ...LOCK, ...options }),
  saveChunks: (path, data, options) => save(path, chunksOf(data), options),
  saveChunksSync: (path, data, options) => saveSync(path, chunksOf(data), options),
};

// A failed sync is final for a temporary file: another attempt fails with the same error.
const isSync = ({ syscall }) => syscall === 'fdatasync' || syscall === 'sync_file_range';

function wronglyPublished() {
  throw new Error('content whose sync has failed was published all the same');
}

function assertSame(error, again) {
  if (again !== error) throw new Error('another attempt failed with another error', { cause: again });
}

async function publishTemporary(path, data, { ifExists, ...options }) {
  const file = await openTemporary(dirname(path));
  try {
    writeSync(file.fd, data);
    return await (ifExists === 'fail' ? file.link(path, options) : file.replace(path, options));
  } catch (error) {
    if (isSync(error))
      await file.link(`${path}-again`, options).then(wronglyPublished, (again) => assertSame(error, again));
    throw error;
  } finally {
    await file.close();
  }
}

function publishTemporarySync(path, data, { ifExists, ...options }) {
  const file = openTemporarySync(dirname(path));
  try {
    writeSync(file.fd, data);
    return ifExists === 'fail' ? file.linkSync(path, options) : file.replaceSync(path, options);
  } catch (error) {
    if (isSync(error)) {
      try {
        file.linkSync(`${path}-again`, options);
      } catch (again) {
        assertSame(error, again);
        throw error;
      }
      wronglyPublished();
    }
    throw error;
  } finally {
    file.closeSync();
  }
}

function* chunksOf(data) {
  yield data.slice(0, 4);
  yield data.slice(4);
}

const GO = 0;
const LENGTH = 1;

async function outcomeOf(saving) {
  try {
    return { saved: await saving() };
  } catch ({ code, syscall, published, message }) {
    return { error: { code, syscall, published, message } };
  }
}

/** The forms whose options have no `signal`. */
const ON_NAMES = ['exchange', 'renameExclusive', 'replaceDirectory', 'replaceSymlink'];

let controller = new AbortController();

async function saveAsynchronously({ form, path, data, options }) {
  controller = new AbortController();
  const { signal } = controller;
  const given = ON_NAMES.includes(form) ? options : { ...options, signal };
  const outcome = await outcomeOf(() => forms[form](path, data, given));
  console.log(JSON.stringify({ ...outcome, aborted: signal.aborted }));
}

async function answerRequests() {
  const signals = new Int32Array(new SharedArrayBuffer(8));
  const shared = new Uint8Array(new SharedArrayBuffer(65536));
  const worker = new Worker(new URL(import.meta.url), { workerData: { signals, shared } });
  await new Promise((resolve) => worker.once('message', resolve));
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request === 'abort') {
      controller.abort();
      continue;
    }
    if (!request.form.endsWith('Sync')) {
      void saveAsynchronously(request);
      continue;
    }
    const answer = new Promise((resolve) => worker.once('message', resolve));
    Atomics.store(signals, LENGTH, Buffer.from(shared.buffer).write(line));
    Atomics.store(signals, GO, 1);
    Atomics.notify(signals, GO);
    console.log(JSON.stringify(await answer));
  }
  await worker.terminate();
}

async function saveSynchronously({ signals, shared }) {
  parentPort.postMessage('ready');
  for (;;) {
    Atomics.wait(signals, GO, 0);
    Atomics.store(signals, GO, 0);
    const line = Buffer.from(shared.slice(0, Atomics.load(signals, LENGTH))).toString();
    const { form, path, data, options } = JSON.parse(line);
    parentPort.postMessage(await outcomeOf(() => forms[form](path, data, options)));
  }
}

if (isMainThread) await answerRequests();
else await saveSynchronously(workerData);
