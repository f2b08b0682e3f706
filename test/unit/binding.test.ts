import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { type Addon, type AddonCalls, loadAddon, type NativePrimitives } from '../../src/addon/addon.js';
import { decisionFor } from '../../src/addon/plan-provider.js';
import type { SaveEntries } from '../../src/addon/save-entries.js';
import { WIRE } from '../../src/addon/wire.js';
import { ownerPart } from '../../src/fs/temporary-name.js';
import { nativeUnavailable } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The kinds of arguments. */
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
  | 'mode'
  | 'descriptor'
  | 'flags'
  | 'number'
  | 'lock offset'
  | 'read ahead'
  | 'choice'
  | 'save flags'
  | 'id'
  | 'path or none'
  | 'file or none'
  | 'temporary'
  | 'temporary or none'
  | 'ticket'
  | 'ticket or none'
  | 'ticket of a streaming save'
  | 'ticket of an update'
  | 'owner'
  | 'provider'
  | 'plan request'
  | 'decision';

type OneForm = Exclude<keyof NativePrimitives, `${string}Sync`>;

/** In the order of `WIRE.request`. */
const REQUEST = [
  ...(['path', 'bytes', 'choice', 'save flags', 'mode', 'mode', 'id', 'id'] as const),
  ...(['path or none', 'file or none', 'temporary or none', 'ticket or none'] as const),
] as const satisfies readonly Argument[];

const OPENING: readonly Argument[] = [...REQUEST.slice(0, -1), 'ticket'];

/** The entries with two forms, and their arguments. */
const twoForms: Readonly<
  Record<keyof AddonCalls | OneForm | 'appendToSave' | 'finishSave' | 'abandonSave', readonly Argument[]>
> = {
  appendToSave: ['ticket of a streaming save', 'bytes'],
  finishSave: ['ticket of a streaming save'],
  abandonSave: ['ticket of a streaming save'],
  locateTarget: ['path', 'boolean'],
  openDirectory: ['path'],
  openDirectoryAt: ['directory', 'name', 'boolean'],
  ancestors: ['directory'],
  closeHandle: ['handle'],
  lookUp: ['directory', 'name'],
  listDirectory: ['directory', 'path', 'number'],
  exchange: ['directory', 'name', 'directory', 'name'],
  rename: ['directory', 'name', 'directory', 'name'],
  renameExclusive: ['directory', 'name', 'directory', 'name'],
  link: ['directory', 'name', 'directory', 'name'],
  symlink: ['path', 'directory', 'name'],
  unlink: ['directory', 'name'],
  unlinkAll: ['directory', 'names'],
  makeDirectory: ['directory', 'name', 'mode'],
  removeDirectory: ['directory', 'name'],
  realPath: ['directory'],
  mountPoints: [],
  syncDirectoryAt: ['directory'],
  syncFiles: ['directory', 'names'],
  syncFilesystem: ['directory'],
  removeUnlessOpen: ['directory', 'name'],
  openFile: ['directory', 'name', 'read ahead', 'boolean', 'boolean'],
  readFile: ['file', 'read ahead'],
  openLockFile: ['directory', 'name'],
  isLockFile: ['directory', 'name', 'directory'],
  drawLockTicket: ['directory', 'lock offset', 'lock offset', 'lock offset'],
  ticketAhead: ['directory', 'lock offset', 'lock offset'],
  removeLock: ['directory', 'lock offset'],
  createTemporary: ['directory', 'boolean', 'boolean'],
  copyToTemporary: ['file', 'temporary', 'number'],
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

/** The entries with one form. */
const oneForm = {
  findPlan: ['directory', 'choice'],
  findUpdateLock: ['directory'],
  unavailableCalls: ['id', 'id', 'number'],
  save: REQUEST,
  saveSync: REQUEST,
  saveGroupSync: REQUEST,
  openSave: OPENING,
  openSaveSync: OPENING,
  issueTicket: [],
  takeBack: [],
  cancel: ['ticket'],
  unref: ['ticket'],
  setPlanProvider: ['provider'],
  setTemporaryOwner: ['owner'],
  providePlan: ['plan request', 'decision'],
  joinUpdates: ['ticket', 'path'],
  leaveUpdates: ['ticket of an update'],
  holdUpdate: ['ticket of an update', 'boolean'],
  updateWaited: ['ticket of an update'],
  hasUpdates: ['path'],
} as const satisfies Partial<Record<keyof Addon, readonly Argument[]>>;

const PLAN_REQUEST = { major: 1, minor: 1, mountId: 1, generation: 1, syncs: 0, directory: Buffer.from('/') };
const DECISION = decisionFor(PLAN_REQUEST);

const notPaths = [
  undefined,
  null,
  1.5,
  {},
  [],
  true,
  new Uint16Array(2),
  new Proxy(new Uint8Array(2), {}),
  new DataView(new ArrayBuffer(2)),
  new SharedArrayBuffer(2),
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
  names: [
    ...[undefined, null, 'name', {}, 1, [1], ['ok', 'a/b'], [undefined], [['a']]],
    ...[new Proxy(['a'], {}), new Array(2 ** 31), { length: 2 ** 32 }],
  ],
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
    new Proxy(new Uint8Array(4), {}),
  ],
  mode: [...notIntegers, 0o10000],
  descriptor: [...notIntegers, 2 ** 31],
  flags: [...notIntegers, 2 ** 32],
  number: [...notIntegers, 2 ** 53],
  owner: [undefined, null, 1, {}, '', '1/2', '-g', '1'.repeat(65)],
  'lock offset': [undefined, null, 1, '1', {}, -1n, 2n ** 63n, 2n ** 64n, 2n ** 70n],
  'read ahead': [...notIntegers, 2 ** 20 + 1],
  choice: [...notIntegers, WIRE.choices.length],
  'save flags': [...notIntegers, 2 ** WIRE.flags.length],
  id: [...notIntegers, 2 ** 32],
  'path or none': notPaths.slice(1),
  'file or none': notHandles.filter((value) => value !== 0),
  temporary: notHandles,
  'temporary or none': notHandles.filter((value) => value !== 0),
  ticket: notHandles,
  'ticket or none': notHandles.filter((value) => value !== 0),
  'ticket of a streaming save': notHandles,
  'ticket of an update': notHandles,
  provider: [undefined, null, {}, 'provider', 1],
  'plan request': [
    ...[
      undefined,
      null,
      1,
      'request',
      {},
      { ...PLAN_REQUEST, major: -1 },
      { ...PLAN_REQUEST, minor: 2 ** 32 },
    ],
    ...[
      { ...PLAN_REQUEST, mountId: '1' },
      { ...PLAN_REQUEST, generation: 0.5 },
    ],
  ],
  decision: [
    ...[undefined, null, 1, {}, { ...DECISION, plans: [] }, { ...DECISION, plans: DECISION.plans.slice(1) }],
    ...[
      { ...DECISION, plans: {} },
      { ...DECISION, inMemory: 1 },
      { ...DECISION, reportsOnClose: 1 },
      { ...DECISION, directorySyncWaits: 1 },
      { ...DECISION, learnsAfter: -1 },
      { ...DECISION, ofMountAlone: 1 },
    ],
    { ...DECISION, plans: DECISION.plans.map((plan) => ({ ...plan, protocol: 'hope' })) },
    { ...DECISION, plans: DECISION.plans.map((plan) => ({ ...plan, achieves: 'toString' })) },
  ],
};

/** `undefined` for a descriptor that was closed meanwhile. */
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
  let temporary = 0;
  let streaming = 0;
  let update = 0;

  const issueTicket = (): number => Number(entry('issueTicket')());

  /** Repeats a call until all plans that it needs are provided. */
  const decided = (call: () => unknown): unknown => {
    for (;;) {
      const answer = call();
      if (typeof answer !== 'object' || answer === null || !('plansNeeded' in answer)) return answer;
      for (const request of (
        answer as ReturnType<SaveEntries['saveSync']> & { plansNeeded: (typeof PLAN_REQUEST)[] }
      ).plansNeeded) {
        entry('providePlan')(request, decisionFor(request));
      }
    }
  };

  const requestFor = (name: string, ticket: number): unknown[] => [
    ...[scratch.at(name), new Uint8Array(3), 0, 0, 0, 0o666, 0, 0, undefined, 0, 0, ticket],
  ];

  const opened = (answer: unknown): number => {
    assert.ok(typeof answer === 'object' && answer !== null && 'handle' in answer);
    return Number(answer.handle);
  };

  beforeEach(() => {
    writeFileSync(scratch.at('file'), 'content');
    directory = opened(entry('openDirectorySync')(scratch.path));
    file = opened(entry('openFileSync')(directory, 'file', 0, false, false));
    streaming = issueTicket();
    assert.equal(
      decided(() => entry('openSaveSync')(...requestFor('streamed', streaming))),
      0,
    );
    temporary = opened(entry('createTemporarySync')(directory, false, false));
    update = issueTicket();
    entry('joinUpdates')(update, scratch.at('file'));
  });

  afterEach(() => {
    entry('leaveUpdates')(update);
    entry('abandonSaveSync')(streaming);
    for (const handle of [file, temporary, directory]) entry('closeHandleSync')(handle);
  });

  /** A correct argument, of a call that would do no harm. */
  function right(argument: Argument): unknown {
    switch (argument) {
      case 'directory':
        return directory;
      case 'file':
        return file;
      case 'temporary':
        return temporary;
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
      case 'path or none':
        return undefined;
      case 'ticket':
        return issueTicket();
      case 'ticket of a streaming save':
        return streaming;
      case 'ticket of an update':
        return update;
      case 'owner':
        return ownerPart();
      case 'provider':
        return decisionFor;
      case 'plan request':
        return PLAN_REQUEST;
      case 'decision':
        return DECISION;
      case 'read ahead':
      case 'choice':
      case 'save flags':
      case 'id':
      case 'file or none':
      case 'temporary or none':
      case 'ticket or none':
      case 'mode':
      case 'flags':
      case 'number':
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

  for (const { name, takes } of entries.filter(({ takes }) => takes.length > 0)) {
    it(`refuses each wrong argument of ${name} without making the call`, () => {
      const before = readdirSync(scratch.path);
      for (const [position, argument] of takes.entries()) {
        for (const value of wrong[argument]) {
          const args = takes.map((one, index) =>
            index === position || one === 'handle' ? value : right(one),
          );
          assert.throws(() => entry(name)(...args), isRefusal, `${inspect(value)} as ${argument}`);
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

  it('refuses a file instead of a directory, and a directory instead of a file', () => {
    for (const [name, takes] of Object.entries(twoForms)) {
      for (const [position, argument] of takes.entries()) {
        if (argument !== 'directory' && argument !== 'file') continue;
        const other = argument === 'file' ? directory : file;
        const args = takes.map((one, index) => (index === position ? other : right(one)));
        assert.throws(() => entry(name)(...args), { code: 'ERR_INVALID_ARG_TYPE' }, name);
      }
    }
  });

  it('refuses the number of a closed directory, also for closing it again', () => {
    const closed = opened(entry('openDirectorySync')(scratch.path));
    entry('closeHandleSync')(closed);
    for (const name of ['lookUpSync', 'closeHandleSync', 'listDirectory', 'closeHandle']) {
      assert.throws(() => entry(name)(closed, 'file'), { code: 'ERR_OUT_OF_RANGE' }, name);
    }
  });

  it('keeps a directory open until the calls that use it have ended', async () => {
    mkdirSync(scratch.at('with-one'));
    writeFileSync(scratch.at('with-one', 'file'), 'content');
    const closed = opened(entry('openDirectorySync')(scratch.at('with-one')));
    const listings = Array.from({ length: 20 }, () => entry('listDirectory')(closed, 'f', 2));
    entry('closeHandleSync')(closed);
    for (const listing of await Promise.all(listings))
      assert.ok(Array.isArray(listing) && listing.length === 1);
  });

  it('reads the bytes that were asked for, and less at the end of a file', () => {
    const read = (size: number): string => `${entry('readFileSync')(file, size)}`;
    assert.deepEqual([read(3), read(0), read(2 ** 20), read(1)], ['con', '', 'tent', '']);
  });

  it('passes on what an accessor in an argument throws', () => {
    const thrown = new Error('thrown');
    const trap = (): never => {
      throw thrown;
    };
    const proxy = new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap });
    const list = Object.defineProperty([], 0, { get: trap });
    const calls: readonly [name: string, ...args: unknown[]][] = [
      ['unlinkAll', directory, list],
      ['unlinkAllSync', directory, list],
      ['syncFiles', directory, list],
      ['providePlan', proxy, DECISION],
      ['providePlan', PLAN_REQUEST, proxy],
      ['providePlan', PLAN_REQUEST, { ...DECISION, plans: list }],
    ];
    for (const [name, ...args] of calls)
      assert.throws(
        () => entry(name)(...args),
        (error) => error === thrown,
        name,
      );
  });

  it('takes a path of any length, and reports what the system says about it', () => {
    for (const path of [Buffer.alloc(4096, 'x'), Buffer.alloc(2 ** 17 + 1, 'x'), 'x'.repeat(2 ** 28)]) {
      const answer = entry('openDirectorySync')(path);
      assert.ok(typeof answer === 'object' && answer !== null && 'errno' in answer);
      assert.equal(answer.errno, constants.errno.ENAMETOOLONG);
    }
  });

  it('saves no more than an array has when the array is detached or shared', () => {
    const detached = new Uint8Array(1000);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(0x78);
    for (const [data, content] of [
      [detached, ''],
      [shared, 'xxxx'],
    ] as const) {
      const request = requestFor('data', 0);
      request[1] = data;
      decided(() => entry('saveSync')(...request));
      assert.equal(readFileSync(scratch.at('data'), 'utf8'), content);
    }
  });

  it('refuses a ticket that another save uses, and calls for a save that is not open', async () => {
    const ticket = issueTicket();
    const missing = scratch.at('missing', 'path');
    const request = [missing, new Uint8Array(3), 0, 0, 0, 0o666, 0, 0, undefined, 0, 0, ticket];
    const saving = entry('save')(...request);
    const range = { code: 'ERR_OUT_OF_RANGE' };
    for (const name of ['save', 'openSave', 'openSaveSync'])
      assert.throws(() => entry(name)(...request), range);
    assert.throws(() => entry('joinUpdates')(ticket, missing), range);
    await saving;

    const unopened = issueTicket();
    assert.throws(() => entry('appendToSaveSync')(unopened, new Uint8Array(3)), range);
    assert.throws(() => entry('finishSave')(unopened), range);
    assert.throws(() => entry('abandonSave')(unopened), range);
    const failed = decided(() => entry('openSaveSync')(...request.slice(0, -1), unopened));
    assert.ok(typeof failed === 'object' && failed !== null && 'reason' in failed);
    assert.throws(() => entry('appendToSaveSync')(unopened, new Uint8Array(3)), range);
    assert.throws(() => entry('finishSaveSync')(unopened), range);
    entry('abandonSaveSync')(unopened);
    assert.throws(() => entry('abandonSaveSync')(unopened), range);
  });

  it('refuses a call for a streaming save while another one runs', async () => {
    const appending = entry('appendToSave')(streaming, new Uint8Array(3));
    for (const name of ['appendToSave', 'appendToSaveSync', 'finishSave', 'finishSaveSync', 'abandonSave']) {
      assert.throws(() => entry(name)(streaming, new Uint8Array(3)), { code: 'ERR_OUT_OF_RANGE' }, name);
    }
    assert.equal(await appending, 0);
  });

  it.each(['() => { throw new Error("no plan"); }', '() => undefined', '() => ({ plans: 1 })'])(
    'saves with the default plan if the plan provider is %s',
    (provider) => {
      // In a process of its own, where no plan is provided.
      const script = `
        const addon = require('node-gyp-build')(${JSON.stringify(root)});
        addon.setPlanProvider(${provider});
        const path = ${JSON.stringify(scratch.at('saved'))};
        addon.save(path, new Uint8Array(3), 0, 0, 0, 0o666, 0, 0, undefined, 0, 0, 0).then(
          ({ published, protocol }) => console.log(published, protocol));`;
      const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' });
      assert.equal(stdout, 'true sync-rename-sync\n', stderr);
    },
  );

  it.skipIf(process.platform !== 'linux')(
    'closes the directories and files of a thread when it ends',
    async () => {
      const descriptors = () =>
        readdirSync('/proc/self/fd').filter((number) => linkOf(`/proc/self/fd/${number}`) === scratch.path)
          .length;
      const before = descriptors();
      const temporaries = scratch.temporaries();
      const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const addon = require('node-gyp-build')(workerData.root);
      for (let index = 0; index < 5; index += 1) addon.openDirectorySync(workerData.path);
      addon.createTemporarySync(addon.openDirectorySync(workerData.path).handle, false, false);
      parentPort.postMessage(require('node:fs').readdirSync('/proc/self/fd').length);
      setInterval(() => {}, 1000);`;
      const worker = new Worker(program, {
        eval: true,
        workerData: { root: process.cwd(), path: scratch.path },
      });
      await once(worker, 'message');
      assert.equal(descriptors(), before + 6);
      assert.equal(scratch.temporaries().length, temporaries.length + 1);
      await worker.terminate();
      assert.equal(descriptors(), before);
      assert.deepEqual(scratch.temporaries(), temporaries);
    },
  );

  it('has no entry that is missing in this test', () => {
    const named = new Set(entries.map(({ name }) => name));
    const unchecked = Object.entries(addon ?? {})
      .filter(([, value]) => typeof value === 'function')
      .map(([name]) => name)
      .filter((name) => !named.has(name));
    assert.deepEqual(unchecked, []);
  });
});
