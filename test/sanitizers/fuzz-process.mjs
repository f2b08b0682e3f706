// One process of the fuzzer, and its worker threads: random calls until the time is over.
//   arguments: directory, seed, milliseconds
import { closeSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import * as library from '../../dist/index.js';
import { assertWhole, contentOf } from '../programs/version.mjs';

const [directory, seed, milliseconds] = isMainThread ? process.argv.slice(2) : workerData;
const root = fileURLToPath(new URL('../..', import.meta.url));
const addon = createRequire(import.meta.url)('node-gyp-build')(root);
const wire = JSON.parse(addon.wire);
// Relative paths are tried as well.
if (isMainThread) process.chdir(join(directory, 'junk'));
// Low numbers are guessed often. Calls for a save of the library would tear its file.
for (let number = 0; number < 200; number += 1) addon.issueTicket();
const end = Date.now() + Number(milliseconds);

// mulberry32.
let state = Number(seed) >>> 0;
function random(below) {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}
const pick = (values) => values[random(values.length)];
const chance = (percent) => random(100) < percent;

/** An error that the fuzzer itself throws, from within a call. */
class Trapped extends Error {}
const trap = () => {
  throw new Trapped('trap');
};

const whole = () => join(directory, 'whole', `file${random(12)}`);
const junk = () => join(directory, 'junk', pick(['a', 'b', 'c', 'd/e', 'd/f/g', 'l', '.indelible-x', 'é']));
const version = () => contentOf(chance(90) ? random(40) : random(2000));

class Forged extends Uint8Array {
  get byteLength() {
    return 2 ** 30;
  }
  get length() {
    return 2 ** 30;
  }
  get buffer() {
    return trap();
  }
}

function detached() {
  const array = new Uint8Array(64);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

// Values that fit nowhere, or look as if they fitted. None names anything outside the directory.
const strange = [
  () => undefined,
  () => null,
  () =>
    pick([Number.NaN, Number.POSITIVE_INFINITY, -1, 0, -0, 1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, -1e300]),
  () => random(8),
  () => random(2 ** 32),
  () => pick([2n ** 61n, 2n ** 62n - 1n, 2n ** 63n, -(2n ** 70n)]),
  () => chance(50),
  () => pick(['', '\0', 'name', 'a\ud800b']),
  () => 'long'.repeat(random(2 ** 16)),
  () => `${directory}/junk/${'y/'.repeat(random(3000))}f`,
  () => Symbol('strange'),
  () => trap,
  () => [],
  () => ['a', 'b'],
  () => new Array(2 ** 31),
  () => Object.defineProperty([], 0, { get: trap, enumerable: true }),
  () => ({}),
  () => Object.create(null),
  () => Object.freeze({ mode: 0o644, data: 'x' }),
  () => Object.defineProperties({}, { plans: { get: trap }, mode: { get: trap }, major: { get: trap } }),
  () => new Proxy({}, { get: trap, has: trap, ownKeys: trap }),
  () => new Proxy(new Uint8Array(8), {}),
  () => new Uint8Array(8),
  () => Buffer.from('name'),
  () => Buffer.from([0xff, 0xfe]),
  () => new Uint8Array(new SharedArrayBuffer(100)),
  () => new Uint8Array(new ArrayBuffer(8, { maxByteLength: 64 })),
  () => new DataView(new ArrayBuffer(4)),
  () => new Float64Array(3),
  () => new Forged(3),
  detached,
  () => AbortSignal.abort(),
  () => ({ aborted: false }),
  () => new URL('file:///missing/file'),
  () => new Date(),
];

// Numbers that the addon has issued.
const handles = [];
const tickets = [];
const known = (numbers) => (numbers.length > 0 ? pick(numbers) : 0);

const plan = () => ({
  ...{ protocol: pick(wire.protocols), achieves: pick(wire.durabilities), local: chance(50) },
  ...{ unnamed: chance(50), pinsReplaced: chance(50) },
});
const decision = () => ({
  plans: Array.from({ length: wire.choices.length }, plan),
  ...{ inMemory: chance(50), local: chance(50), syncfs: chance(50), learnsAfter: random(5) },
  ...{ reportsOnClose: chance(50), directorySyncWaits: chance(50), ofMountAlone: chance(50) },
});
let lastRequest = { major: 1, minor: 1, mountId: 1, generation: 1, syncs: 0, directory: Buffer.from('/') };

/** The arguments of a save of the addon. */
const request = () =>
  wire.request.map((name) => {
    if (chance(2)) return pick(strange)();
    switch (name) {
      case 'path':
        return junk();
      case 'data':
        return version();
      case 'choice':
        return random(wire.choices.length);
      case 'flags':
        return random(2 ** wire.flags.length);
      case 'mode':
      case 'createMode':
        return 0o600 + random(0o200);
      case 'previous':
        return chance(80) ? undefined : junk();
      case 'expected':
      case 'temporary':
        return chance(80) ? 0 : known(handles);
      case 'ticket':
        return chance(50) ? 0 : known(tickets);
      default:
        return 0;
    }
  });
const OF_A_REQUEST = new Set(['save', 'saveSync', 'saveGroupSync', 'openSave', 'openSaveSync']);

const likely = [
  () => known(handles),
  () => known(handles),
  () => known(tickets),
  () => pick(['a', 'b', 'c', 'd', 'e', 'l']),
  () => pick(['a', 'b', 'c', 'd', 'e', 'l']),
  junk,
  () => join(directory, 'junk'),
  () => chance(50),
  version,
  () => random(100),
  () => ['a', 'b'],
  decision,
  () => lastRequest,
];

/** All entries, except those that change how the whole process saves or names its temporaries. */
const ENTRIES = Object.keys(addon).filter(
  (name) => typeof addon[name] === 'function' && !/^takeBack|owner/i.test(name),
);

function remember(name, answer) {
  if (name === 'issueTicket') tickets.push(answer);
  if (/^openTmpfile/.test(name) && answer > 2) closeSync(answer);
  if (tickets.length > 20) tickets.shift();
  if (typeof answer !== 'object' || answer === null) return;
  if (Array.isArray(answer.plansNeeded) && answer.plansNeeded.length > 0) lastRequest = answer.plansNeeded[0];
  for (const { handle } of [answer, answer.directory ?? {}])
    if (typeof handle === 'number') handles.push(handle);
  if (handles.length > 40) closeHandle(handles.shift());
}

function checkCode(error) {
  if (error instanceof Trapped) return;
  if (typeof error?.code !== 'string') throw error;
}

function closeHandle(handle) {
  try {
    addon.closeHandleSync(handle);
  } catch (error) {
    // It may be closed already.
    checkCode(error);
  }
}

/** An update keeps others from their turn until it leaves. */
function leaveSoon(ticket) {
  setTimeout(() => {
    try {
      addon.leaveUpdates(ticket);
    } catch (error) {
      checkCode(error);
    }
  }, random(20));
}

function callAddon() {
  const name = pick(ENTRIES);
  const args = OF_A_REQUEST.has(name)
    ? Array.from({ length: name === 'saveGroupSync' ? 1 + random(4) : 1 }, request).flat()
    : Array.from({ length: random(6) }, () => (chance(80) ? pick(likely)() : pick(strange)()));
  if (name === 'setPlanProvider' && typeof args[0] !== 'function') args[0] = chance(50) ? decision : trap;
  try {
    const answer = addon[name](...args);
    if (name === 'joinUpdates') return leaveSoon(args[0]);
    if (!(answer instanceof Promise)) return remember(name, answer);
    return answer.then((late) => remember(name, late));
  } catch (error) {
    return checkCode(error);
  }
}

function options() {
  const given = {};
  for (const [name, values] of Object.entries({
    durability: ['durable', 'ordered', 'none'],
    ifExists: ['replace', 'fail'],
    makeDirectories: [true, false],
    mode: [0o600, 0o644, 0o100600],
    createMode: [0o666],
    preserve: ['all', 'permissions', 'none'],
    protocol: ['sync-rename-sync'],
    strict: [false],
    followSymlinks: [true, false],
    owner: [{ uid: 0, gid: 0 }],
  })) {
    if (chance(15)) given[name] = pick(values);
    else if (chance(1)) given[name] = pick(strange)();
  }
  if (chance(15)) {
    const controller = new AbortController();
    given.signal = controller.signal;
    setTimeout(() => controller.abort(), random(20));
  }
  return given;
}

/** The error of a public call: it tells what happened. */
function checkError(error) {
  checkCode(error);
  if (error instanceof library.SaveAllError) {
    for (const one of error.errors) checkError(one);
    return;
  }
  const isOfArguments = error instanceof TypeError || error instanceof RangeError;
  if (!(error instanceof Trapped) && !isOfArguments && typeof error.published !== 'boolean') throw error;
}

async function stream() {
  const saving = library.createSaveStream(whole(), options());
  const ending = finished(saving).catch((error) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') checkError(error);
  });
  const content = version();
  const parts = 1 + random(4);
  for (let part = 0; part < parts && !saving.destroyed; part += 1) {
    const [from, to] = [part, part + 1].map((at) => Math.floor((content.length * at) / parts));
    saving.write(content.subarray(from, to), () => undefined);
    if (chance(30)) await pause(random(5));
    if (chance(5)) saving.destroy();
  }
  if (!saving.destroyed) saving.end();
  await ending;
}

async function temporary() {
  const file = await library.openTemporary(join(directory, 'whole'));
  const content = version();
  for (let written = 0; written < content.length; ) written += writeSync(file.fd, content, written);
  const uses = [() => file.link(whole()), () => file.replace(whole(), options()), () => file.close()];
  const using = Array.from({ length: 1 + random(2) }, () => pick(uses)());
  for (const { reason } of await Promise.allSettled(using)) if (reason !== undefined) checkError(reason);
  await file.close();
}

async function saver() {
  const saving = new library.Saver(whole(), options());
  await Promise.all(Array.from({ length: 1 + random(5) }, () => saving.save(version())));
}

const files = () => Array.from({ length: random(10) }, () => ({ path: whole(), data: version() }));
const change = (current) => {
  if (current !== undefined) assertWhole(current);
  if (chance(5)) trap();
  return version();
};

const publicCalls = [
  () => library.save(whole(), version(), options()),
  () => library.save(whole(), version(), options()),
  () => library.saveSync(whole(), version(), options()),
  () => library.saveAll(files(), options()),
  () => library.saveAllSync(files(), options()),
  () => library.update(whole(), change, options()),
  () => library.updateSync(whole(), change, { ...options(), timeout: 100 }),
  () => library.exchange(whole(), whole()),
  () => library.exchangeSync(whole(), whole()),
  () => library.renameExclusive(whole(), whole()),
  () => library.replaceSymlink('a', junk()),
  () => library.replaceSymlinkSync(pick(['a', '../junk', '.']), junk()),
  () => library.save(junk(), pick(strange)(), options()),
  () => library.save(pick(strange)(), version(), options()),
  () => library.save(junk(), version(), pick(strange)()),
  () => library.saveSync(junk(), [version(), pick(strange)()], options()),
  () => library.save(junk(), version(), { ...options(), keepPrevious: junk() }),
  // These two publish nothing.
  () => library.inspect(junk()).catch(checkCode),
  () => library.sweep(join(directory, 'junk')).catch(checkCode),
  stream,
  temporary,
  saver,
];

async function callLibrary() {
  try {
    await pick(publicCalls)();
  } catch (error) {
    checkError(error);
  }
}

async function worker() {
  const started = new Worker(new URL(import.meta.url), { workerData: [directory, random(2 ** 31), 1000] });
  const ending = new Promise((resolve, reject) => {
    started.once('exit', resolve);
    started.once('error', reject);
  });
  await Promise.race([pause(random(1000)), ending]);
  if (chance(80)) await started.terminate();
  await ending;
}

let calls = 0;
const pending = new Set();
function start(call) {
  calls += 1;
  const running = (async () => call())().catch((error) => {
    console.error(error);
    process.exit(1);
  });
  pending.add(running);
  running.finally(() => pending.delete(running));
}

while (Date.now() < end) {
  for (let turn = random(10); turn > 0; turn -= 1) start(chance(60) ? callAddon : callLibrary);
  if (isMainThread && chance(1)) start(worker);
  if (pending.size > 30) await Promise.race(pending);
  else await pause(0);
}
if (isMainThread) {
  const how = pick(['wait', 'wait', 'exit']);
  console.log(`${calls} calls, then ${how}`);
  if (how === 'wait') await Promise.all(pending);
  // Files and streaming saves of the addon may still be open.
  process.exit(0);
}
