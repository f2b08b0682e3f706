import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { type Addon, loadAddon, type NativeCalls, type NativePrimitives } from '../../src/engine/addon.js';
import { nativeUnavailable } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

/** What an argument has to be. */
type Argument =
  | 'directory'
  | 'file'
  | 'handle'
  | 'path'
  | 'path or descriptor'
  | 'name'
  | 'names'
  | 'boolean'
  | 'bytes'
  | 'offset in the bytes'
  | 'mode'
  | 'descriptor'
  | 'flags'
  | 'number'
  | 'lock offset';

type OneForm = Exclude<keyof NativePrimitives, `${string}Sync`>;

/** The entries that have two forms, and what each takes. */
const twoForms: Readonly<Record<keyof NativeCalls | OneForm, readonly Argument[]>> = {
  openDirectory: ['path'],
  openDirectoryAt: ['directory', 'name', 'boolean'],
  ancestors: ['directory'],
  closeHandle: ['handle'],
  lookUp: ['directory', 'name'],
  listDirectory: ['directory'],
  exchange: ['directory', 'name', 'directory', 'name'],
  rename: ['directory', 'name', 'directory', 'name'],
  renameExclusive: ['directory', 'name', 'directory', 'name'],
  link: ['directory', 'name', 'directory', 'name'],
  symlink: ['path', 'directory', 'name'],
  unlink: ['directory', 'name'],
  unlinkAll: ['directory', 'names'],
  removeDirectory: ['directory', 'name'],
  readLink: ['directory', 'name'],
  realPath: ['directory'],
  mountPoints: [],
  syncDirectoryAt: ['directory'],
  syncFiles: ['directory', 'names'],
  syncFilesystem: ['directory'],
  removeIfUnlocked: ['directory', 'name'],
  openFile: ['directory', 'name'],
  readFile: ['file', 'bytes', 'offset in the bytes'],
  drawLockTicket: ['directory', 'lock offset', 'lock offset'],
  findLock: ['directory', 'lock offset', 'lock offset'],
  removeLock: ['directory', 'lock offset'],
  createTemporary: ['directory', 'mode', 'boolean'],
  renameat2: ['path', 'path', 'flags'],
  openTmpfile: ['path', 'mode'],
  linkat: ['path or descriptor', 'path'],
  syncFileRange: ['descriptor', 'number', 'number', 'flags'],
  fdatasync: ['descriptor'],
  fsync: ['descriptor'],
  fullfsync: ['descriptor'],
  barrierfsync: ['descriptor'],
  syncfs: ['descriptor'],
  syncDirectory: ['path'],
};

/** Those that answer at once, and have no other form. */
const oneForm = { findPlan: ['directory'] } as const satisfies Partial<
  Record<keyof Addon, readonly Argument[]>
>;

const notPaths = [
  undefined,
  null,
  1.5,
  {},
  [],
  true,
  new Uint16Array(2),
  Symbol('path'),
  'a\0b',
  Buffer.from([0]),
];
const notNames = [...notPaths, '', '/', 'a/b', '/a', 'a//', Buffer.from('a/b'), '../a'];
const notNumbers = [
  undefined,
  null,
  '1',
  {},
  true,
  Symbol('number'),
  1n,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];
const notIntegers = [...notNumbers, -1, 0.5, 2 ** 64, -(2 ** 31)];
const notHandles = [...notIntegers, 0, 2 ** 53 - 1, 2 ** 53, 2 ** 32 + 1];

const wrong: Readonly<Record<Argument, readonly unknown[]>> = {
  directory: notHandles,
  file: notHandles,
  handle: notHandles,
  path: notPaths,
  'path or descriptor': [...notPaths, -1],
  name: notNames,
  names: [undefined, null, 'name', {}, 1, [1], ['ok', 'a/b'], [undefined], [['a']]],
  boolean: [undefined, null, 0, 1, 'true', {}],
  bytes: [
    undefined,
    null,
    'bytes',
    [1],
    {},
    new ArrayBuffer(4),
    new Uint16Array(2),
    new DataView(new ArrayBuffer(4)),
  ],
  'offset in the bytes': [...notIntegers, 9],
  mode: [...notIntegers, 0o10000],
  descriptor: [...notIntegers, 2 ** 31],
  flags: [...notIntegers, 2 ** 32],
  number: [...notIntegers, 2 ** 53],
  'lock offset': [undefined, null, 1, '1', {}, -1n, 2n ** 63n, 2n ** 64n, 2n ** 70n],
};

/** `undefined` for a descriptor that is gone by now. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

const CODES = ['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', 'ERR_OUT_OF_RANGE'];

function isRefusal(error: unknown): boolean {
  assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
  assert.ok('code' in error && CODES.includes(String(error.code)), error.message);
  assert.match(error.message, /^The "\w+" argument must be /);
  return true;
}

describe.skipIf(nativeUnavailable !== undefined)('the binding of the addon', () => {
  const addon = nativeUnavailable === undefined ? loadAddon() : undefined;
  const entry = (name: string): ((...args: unknown[]) => unknown) => {
    const found: unknown = Reflect.get(addon ?? {}, name);
    assert.ok(typeof found === 'function', name);
    return found as (...args: unknown[]) => unknown;
  };
  let directory = 0;
  let file = 0;

  const opened = (answer: unknown): number => {
    assert.ok(typeof answer === 'object' && answer !== null && 'handle' in answer);
    return Number(answer.handle);
  };

  beforeEach(() => {
    writeFileSync(scratch.at('file'), 'content');
    directory = opened(entry('openDirectorySync')(scratch.path));
    file = opened(entry('openFileSync')(directory, 'file'));
  });

  afterEach(() => {
    for (const handle of [file, directory]) entry('closeHandleSync')(handle);
  });

  /** Of a call that does no harm, should it be made. */
  function right(argument: Argument): unknown {
    switch (argument) {
      case 'directory':
        return directory;
      case 'file':
        return file;
      case 'handle':
        return opened(entry('openDirectorySync')(scratch.path));
      case 'path':
      case 'path or descriptor':
        return scratch.at('missing', 'path');
      case 'name':
        return 'missing';
      case 'names':
        return ['missing'];
      case 'boolean':
        return false;
      case 'bytes':
        return new Uint8Array(8);
      case 'descriptor':
        return 0x7fff_ffff;
      case 'lock offset':
        return 2n ** 61n + 5n;
      case 'mode':
      case 'flags':
      case 'number':
      case 'offset in the bytes':
        return 0;
    }
  }

  const entries = [
    ...Object.entries(twoForms).flatMap(([name, takes]) => [
      { name, takes },
      { name: `${name}Sync`, takes },
    ]),
    ...Object.entries(oneForm).map(([name, takes]) => ({ name, takes })),
  ];

  for (const { name, takes } of entries) {
    it.skipIf(takes.length === 0)(`refuses each wrong argument of ${name}, and makes no call`, () => {
      const before = readdirSync(scratch.path);
      for (const [position, argument] of takes.entries()) {
        for (const value of wrong[argument]) {
          const args = takes.map((one, index) =>
            index === position || one === 'handle' ? value : right(one),
          );
          assert.throws(() => entry(name)(...args), isRefusal, `${String(value)} as ${argument}`);
        }
        assert.throws(
          () => entry(name)(...takes.slice(0, position).map(right)),
          isRefusal,
          'an argument short',
        );
      }
      assert.deepEqual(readdirSync(scratch.path), before);
    });
  }

  it('refuses a file where a directory is wanted, and the other way round', () => {
    for (const [name, takes] of Object.entries(twoForms)) {
      for (const [position, argument] of takes.entries()) {
        if (argument !== 'directory' && argument !== 'file') continue;
        const other = argument === 'file' ? directory : file;
        const args = takes.map((one, index) => (index === position ? other : right(one)));
        assert.throws(() => entry(name)(...args), { code: 'ERR_INVALID_ARG_TYPE' }, name);
      }
    }
  });

  it('refuses what has been closed, and closes nothing twice', () => {
    const closed = opened(entry('openDirectorySync')(scratch.path));
    entry('closeHandleSync')(closed);
    for (const name of ['lookUpSync', 'closeHandleSync', 'listDirectory', 'closeHandle']) {
      assert.throws(() => entry(name)(closed, 'file'), { code: 'ERR_OUT_OF_RANGE' }, name);
    }
  });

  it('keeps a directory open until the calls that use it are over', async () => {
    const closed = opened(entry('openDirectorySync')(scratch.path));
    const listings = Array.from({ length: 20 }, () => entry('listDirectory')(closed));
    entry('closeHandleSync')(closed);
    for (const listing of await Promise.all(listings))
      assert.ok(Array.isArray(listing) && listing.length === 1);
  });

  it('reads into the bytes that an array really has, whatever it says', () => {
    class Boastful extends Uint8Array {
      override get byteLength(): number {
        return 500_000;
      }
      override get length(): number {
        return 500_000;
      }
    }
    const bytes = new Boastful(3);
    assert.equal(entry('readFileSync')(file, bytes, 0), 3);
    assert.equal(Buffer.from(bytes.buffer).toString(), 'con');
  });

  it.skipIf(process.platform !== 'linux')(
    'closes what a thread has left open when the thread ends',
    async () => {
      const descriptors = () =>
        readdirSync('/proc/self/fd').filter((number) => linkOf(`/proc/self/fd/${number}`) === scratch.path)
          .length;
      const before = descriptors();
      const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const addon = require('node-gyp-build')(workerData.root);
      for (let index = 0; index < 5; index += 1) addon.openDirectorySync(workerData.path);
      addon.createTemporarySync(addon.openDirectorySync(workerData.path).handle, 0o600, false);
      parentPort.postMessage(require('node:fs').readdirSync('/proc/self/fd').length);
      setInterval(() => {}, 1000);`;
      const worker = new Worker(program, {
        eval: true,
        workerData: { root: process.cwd(), path: scratch.path },
      });
      await once(worker, 'message');
      assert.equal(descriptors(), before + 6);
      assert.equal(scratch.temporaries().length, 1);
      await worker.terminate();
      assert.equal(descriptors(), before);
      assert.deepEqual(scratch.temporaries(), []);
    },
  );

  it('has its entries listed here', () => {
    const named = new Set(entries.map(({ name }) => name));
    const unchecked = Object.entries(addon ?? {})
      .filter(([, value]) => typeof value === 'function')
      .map(([name]) => name)
      .filter((name) => !named.has(name) && !OF_SAVES.has(name));
    assert.deepEqual(unchecked, []);
  });
});

/** The entries of saves, whose arguments the facade has checked. */
const OF_SAVES = new Set([
  ...['save', 'saveSync', 'openSave', 'openSaveSync', 'appendToSave', 'appendToSaveSync'],
  ...['finishSave', 'finishSaveSync', 'abandonSave', 'abandonSaveSync', 'cancel', 'takeBack'],
  ...['setDecider', 'takeUndecided', 'decide', 'readForUpdate', 'readForUpdateSync'],
  ...['saveUpdate', 'saveUpdateSync', 'endUpdate', 'endUpdateSync', 'openTemporary', 'openTemporarySync'],
  ...['publishTemporary', 'publishTemporarySync', 'closeTemporary', 'closeTemporarySync'],
]);
