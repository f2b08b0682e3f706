import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { beforeEach, describe, it } from 'vitest';
import {
  createSaveStream,
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
  type SaveAllError,
  Saver,
  save,
  saveAll,
  saveAllSync,
  saveSync,
  update,
  updateSync,
} from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { hasMachineLock, opensTemporaries } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const file = (): string => scratch.at('file');

// The types know none of these options.
type Call = (options: object) => unknown;

/** Calls the function without its types, as a JavaScript program does. */
function untyped(call: (...args: never[]) => unknown, ...args: (() => unknown)[]): Call {
  return (options) => Reflect.apply(call as () => unknown, undefined, [...args.map((one) => one()), options]);
}

const data = (): string => 'new';
const files = (): object[] => [{ path: file(), data: 'new' }];
const change = (): (() => string) => () => 'new';
const other = (): string => scratch.at('other');

/** The calls whose options are those of a save. */
const saves: Record<string, Call> = {
  save: untyped(save, file, data),
  'save of chunks': untyped(save, file, () => ['new']),
  saveSync: untyped(saveSync, file, data),
  'saveSync of chunks': untyped(saveSync, file, () => ['new']),
  saveAll: untyped(saveAll, files),
  saveAllSync: untyped(saveAllSync, files),
  createSaveStream: untyped(createSaveStream, file),
  'new Saver': (options) => new Saver(file(), options),
  update: untyped(update, file, change),
  updateSync: untyped(updateSync, file, change),
};

const names: Record<string, Call> = {
  exchange: untyped(exchange, file, other),
  exchangeSync: untyped(exchangeSync, file, other),
  renameExclusive: untyped(renameExclusive, file, () => scratch.at('missing')),
  renameExclusiveSync: untyped(renameExclusiveSync, file, () => scratch.at('missing')),
  replaceSymlink: untyped(replaceSymlink, data, () => scratch.at('link')),
  replaceSymlinkSync: untyped(replaceSymlinkSync, data, () => scratch.at('link')),
  replaceDirectory: untyped(
    replaceDirectory,
    () => scratch.at('staged'),
    () => scratch.at('missing'),
  ),
  replaceDirectorySync: untyped(
    replaceDirectorySync,
    () => scratch.at('staged'),
    () => scratch.at('missing'),
  ),
};

const temporaries: Record<string, Call> = {
  openTemporary: untyped(openTemporary, () => scratch.path),
  openTemporarySync: untyped(openTemporarySync, () => scratch.path),
};

for (const form of ['link', 'linkSync', 'replace', 'replaceSync'] as const) {
  temporaries[form] = async (options) => {
    using temporary = openTemporarySync(scratch.path);
    return await temporary[form](file(), options);
  };
}

/** Each option with a word of what to use instead. */
const foreign: [option: string, value: unknown, equivalent: RegExp][] = [
  ['flag', 'a', /ifExists/],
  ['flag', 'wx', /ifExists/],
  ['flags', 'w', /ifExists/],
  ['chown', { uid: 1, gid: 1 }, /owner/],
  ['chown', false, /owner/],
  ['fsync', false, /durability/],
  ['fsyncWait', false, /durability/],
  ['flush', false, /durability/],
  ['tmpfileCreated', () => undefined, /openTemporary/],
  ['tmpCreate', () => 'name', /openTemporary/],
  ['tmpCreated', () => undefined, /openTemporary/],
  ['tmpPurge', false, /sweep/],
  ['schedule', async () => () => undefined, /order/],
  ['start', 3, /update/],
  ['append', true, /update/],
  ['createNew', true, /ifExists/],
  ['createPath', true, /makeDirectories/],
  ['overwrite', false, /ifExists/],
  ['uid', 0, /owner/],
];

const refusal =
  (option: string, equivalent = /./) =>
  (error: unknown): true => {
    assert.ok(error instanceof TypeError, String(error));
    assert.equal('code' in error && error.code, 'ERR_INVALID_ARG_VALUE');
    assert.match(error.message, new RegExp(`^The "options\\.${option}" property must be left out: `));
    assert.match(error.message, equivalent);
    return true;
  };

beforeEach(() => {
  writeFileSync(file(), 'old');
  writeFileSync(other(), 'other');
});

const every = { ...saves, ...names, ...(opensTemporaries ? temporaries : {}) };
for (const [name, call] of Object.entries(every)) {
  describe(`${name} refuses an option of another library`, () => {
    it('and names the equivalent', async () => {
      for (const [option, value, equivalent] of foreign) {
        await assert.rejects(async () => call({ [option]: value }), refusal(option, equivalent));
        assert.equal(readFileSync(file(), 'utf8'), 'old');
      }
    });

    it('that an accessor of its class gives', async () => {
      class Options {
        get flag(): string {
          return 'a';
        }
      }
      await assert.rejects(async () => call(new Options()), refusal('flag'));
    });

    it('that its prototype gives', async () => {
      await assert.rejects(async () => call(Object.create({ fsync: false })), refusal('fsync'));
    });
  });
}

/** Options of the library itself that the call does not offer. */
const misplaced: [name: string, option: object][] = [
  ...['save', 'saveSync', 'saveAll', 'createSaveStream', 'new Saver'].flatMap((name) =>
    [{ timeout: 1000 }, { retries: 3 }, { lock: 'thread' }].map((option): [string, object] => [name, option]),
  ),
  ...['save', 'createSaveStream', 'update'].map((name): [string, object] => [
    name,
    { serialize: JSON.stringify },
  ]),
  ...Object.keys(names).flatMap((name) =>
    [{ ifExists: 'fail' }, { mode: 0o600 }, { signal: AbortSignal.abort() }, { followSymlinks: true }].map(
      (option): [string, object] => [name, option],
    ),
  ),
  ['exchange', { keepPrevious: 'kept' }],
  ...(opensTemporaries
    ? ([
        ['openTemporary', { ifExists: 'fail' }],
        ['openTemporary', { keepPrevious: 'kept' }],
        ['link', { ifExists: 'replace' }],
        ['link', { keepPrevious: 'kept' }],
        ['replace', { ifExists: 'fail' }],
      ] as [string, object][])
    : []),
];

for (const [name, option] of misplaced) {
  const [key = ''] = Object.keys(option);
  it(`${name} refuses ${key}, which it does not offer`, async () => {
    await assert.rejects(async () => every[name]?.(option), refusal(key));
    assert.equal(readFileSync(file(), 'utf8'), 'old');
  });
}

it('a file of saveAll that has options of its own is refused alone', async () => {
  for (const option of [{ mode: 0o600 }, { flag: 'a' }, { ifExists: 'fail' }]) {
    const call = async () =>
      saveAll([
        { path: file(), data: 'new', ...option },
        { path: other(), data: 'new' },
      ]);
    await assert.rejects(call, ({ outcomes }: SaveAllError) => {
      const [refused, saved] = outcomes;
      assert.equal(refused?.status === 'rejected' && refused.reason.code, 'ERR_INVALID_ARG_VALUE');
      assert.equal(saved?.status, 'fulfilled');
      return true;
    });
    assert.equal(readFileSync(file(), 'utf8'), 'old');
    assert.equal(readFileSync(other(), 'utf8'), 'new');
  }
});

describe('null', () => {
  const all = [
    ...[
      'durability',
      'ifExists',
      'keepPrevious',
      'mode',
      'createMode',
      'owner',
      'preserve',
      'followSymlinks',
    ],
    ...['makeDirectories', 'signal', 'encoding', 'strict', 'protocol', 'highWaterMark', 'timeout', 'retries'],
    ...['lock', 'serialize', 'sweep', ...foreign.map(([option]) => option)],
  ];
  const nothing = Object.fromEntries(all.map((option) => [option, null]));

  for (const [name, call] of Object.entries(saves)) {
    it(`counts as undefined for every option of ${name}`, async () => {
      // The default lock is not available everywhere.
      const lock = name.startsWith('update') && !hasMachineLock ? { lock: 'thread' } : {};
      const result = await call({ ...nothing, ...lock });
      if (result instanceof Writable) await new Promise((done) => result.end('new', () => done(undefined)));
      if (result instanceof Saver) await result.save('new');
      assert.equal(readFileSync(file(), 'utf8'), 'new');
    });
  }

  it('counts as undefined for the parts of owner and preserve', async () => {
    const uid = process.geteuid?.() ?? 0;
    const call = saves.save;
    await call?.({
      owner: { uid, gid: null, required: null },
      preserve: { mode: null, owner: null, attributes: null },
    });
    assert.equal(readFileSync(file(), 'utf8'), 'new');
  });

  it('counts as undefined for every option of a change of names', async () => {
    await untyped(replaceSymlink, data, () => scratch.at('link'))(nothing);
    await assert.rejects(
      async () => untyped(renameExclusive, file, other)(nothing),
      (error: NodeJS.ErrnoException) => ['EEXIST', 'ERR_INDELIBLE_UNSUPPORTED'].includes(String(error.code)),
    );
  });

  if (opensTemporaries) {
    it('counts as undefined for every option of a temporary', async () => {
      using temporary = await openTemporary(scratch.path, nothing);
      await temporary.replace(file(), nothing);
      assert.equal(readFileSync(file(), 'utf8'), '');
    });
  }
});
