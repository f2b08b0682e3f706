import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { beforeEach, describe, it } from 'vitest';
import {
  createSaveStream,
  exchange,
  openTemporary,
  renameExclusive,
  replaceDirectory,
  replaceSymlink,
  Saver,
  save,
  saveAll,
  saveSync,
  update,
  updateSync,
} from '../../src/index.js';
import { fsync, openTmpfileSync, renameat2Sync } from '../../src/primitives.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };

/** The option that the message names, the options, and the error. */
const wrongOptions: [string, unknown, object][] = [
  ['options', 7, TYPE],
  ['options', true, TYPE],
  ['options', 1n, TYPE],
  ['options', Symbol('utf8'), TYPE],
  ['options', () => ({}), TYPE],
  ['options', ['utf8'], TYPE],
  ['options.encoding', 'utf-9', VALUE],
  ['options.encoding', { encoding: 8 }, TYPE],
  ['options.durability', { durability: 'forever' }, VALUE],
  ['options.durability', { durability: true }, TYPE],
  ['options.ifExists', { ifExists: 'wx' }, VALUE],
  ['options.ifExists', { ifExists: 0 }, TYPE],
  ...['mode', 'createMode'].flatMap((option): [string, unknown, object][] => [
    [`options.${option}`, { [option]: 0o200000 }, RANGE],
    [`options.${option}`, { [option]: -1 }, RANGE],
    [`options.${option}`, { [option]: 6.5 }, RANGE],
    [`options.${option}`, { [option]: Number.NaN }, RANGE],
    [`options.${option}`, { [option]: Number.POSITIVE_INFINITY }, RANGE],
    [`options.${option}`, { [option]: '77777777777777' }, RANGE],
    [`options.${option}`, { [option]: '0x1ff' }, VALUE],
    [`options.${option}`, { [option]: '' }, VALUE],
    [`options.${option}`, { [option]: 'u=rw' }, VALUE],
    [`options.${option}`, { [option]: {} }, TYPE],
    [`options.${option}`, { [option]: false }, TYPE],
    [`options.${option}`, { [option]: 420n }, TYPE],
  ]),
  ['options.owner', { owner: 0 }, TYPE],
  ['options.owner', { owner: 'root' }, TYPE],
  ['options.owner', { owner: [0, 0] }, TYPE],
  ['options.owner', { owner: {} }, VALUE],
  ['options.owner', { owner: { required: false } }, VALUE],
  ['options.owner.uid', { owner: { uid: -1 } }, RANGE],
  ['options.owner.uid', { owner: { uid: 2 ** 32 } }, RANGE],
  ['options.owner.uid', { owner: { uid: Number.NaN, gid: 0 } }, RANGE],
  ['options.owner.uid', { owner: { uid: '0' } }, TYPE],
  ['options.owner.gid', { owner: { uid: 0, gid: 0xffff_ffff } }, RANGE],
  ['options.owner.gid', { owner: { gid: 1.5 } }, RANGE],
  ['options.owner.required', { owner: { uid: 0, required: 0 } }, TYPE],
  ['options.preserve', { preserve: 'mode' }, VALUE],
  ['options.preserve', { preserve: true }, TYPE],
  ['options.preserve', { preserve: ['mode'] }, TYPE],
  ['options.preserve.mode', { preserve: { mode: 1 } }, TYPE],
  ['options.preserve.owner', { preserve: { owner: 'all' } }, TYPE],
  ['options.preserve.attributes', { preserve: { attributes: {} } }, TYPE],
  ['options.followSymlinks', { followSymlinks: 1 }, TYPE],
  ['options.makeDirectories', { makeDirectories: 'yes' }, TYPE],
  ['options.signal', { signal: {} }, TYPE],
  ['options.signal', { signal: 1 }, TYPE],
  ['options.signal', { signal: 'abort' }, TYPE],
  ['options.signal', { signal: { aborted: false } }, TYPE],
  ['options.signal', { signal: { aborted: true } }, TYPE],
  ['options.signal', { signal: new EventTarget() }, TYPE],
  ['options.signal', { signal: new AbortController() }, TYPE],
  ['options.strict', { strict: 0 }, TYPE],
  ['options.sweep', { sweep: 'off' }, TYPE],
  ['options.protocol', { protocol: 'rename' }, VALUE],
];

const wrongData: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 7],
  ['an object', { length: 3 }],
  ['an array', [1, 2, 3]],
];

for (const { name, save } of forms) {
  // Calls without the types, as a JavaScript program does.
  const call: (...args: unknown[]) => unknown = (...args) => Reflect.apply(save, undefined, args);

  describe(`${name} refuses`, () => {
    beforeEach(() => {
      writeFileSync(scratch.at('file'), 'old');
    });

    for (const [option, options, expected] of wrongOptions) {
      it(`${inspect(options)} with an error that names ${option}`, async () => {
        await assert.rejects(async () => call(scratch.at('file'), 'new', options), {
          ...expected,
          message: new RegExp(
            `^The (value of )?"${option.replaceAll('.', '\\.')}" .*Received|"encoding"`,
            's',
          ),
        });
        assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
      });
    }

    for (const [kind, data] of wrongData) {
      it(`${kind} as data`, async () => {
        await assert.rejects(async () => call(scratch.at('file'), data), {
          ...TYPE,
          message: /The "data" argument must be .* Received/,
        });
        assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
      });
    }

    for (const path of [undefined, null, 7, {}, ['file']]) {
      it(`${JSON.stringify(path) ?? 'undefined'} as path`, async () => {
        await assert.rejects(async () => call(path, 'new'), {
          ...TYPE,
          message: /The "path" argument must be .* Received/,
        });
      });
    }
  });
}

describe('a number that is out of range', () => {
  beforeEach(() => {
    writeFileSync(scratch.at('file'), 'old');
  });

  for (const mode of [-1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 32, 2 ** 40, '77777777777777']) {
    it(`gets the error of fs.writeFile: ${mode} as mode`, () => {
      const messageOf = (write: () => unknown): string => {
        try {
          write();
        } catch (error) {
          assert.ok(error instanceof RangeError && 'code' in error);
          return `${error.code} ${error.message}`;
        }
        return 'no error';
      };
      const node = messageOf(() => writeFileSync(scratch.at('file'), 'new', { mode }));
      const own = messageOf(() => saveSync(scratch.at('file'), 'new', { mode }));
      assert.equal(own, node.replace('"mode"', '"options.mode"').replace('4294967295', '65535'));
    });
  }

  for (const [option, value] of [
    ['timeout', -1],
    ['timeout', Number.NaN],
    ['retries', -1],
    ['retries', 1.5],
    ['retries', Number.NaN],
  ] as const) {
    it(`is refused by update: ${option}: ${value}`, async () => {
      const expected = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: /out of range/ };
      await assert.rejects(
        update(scratch.at('file'), () => 'new', { [option]: value }),
        expected,
      );
      assert.throws(() => updateSync(scratch.at('file'), () => 'new', { [option]: value }), expected);
    });
  }

  for (const highWaterMark of [-1, 1.5, Number.NaN, '1']) {
    it(`is refused as by Node's streams: highWaterMark: ${JSON.stringify(highWaterMark)}`, () => {
      const options = { highWaterMark } as object;
      assert.throws(() => createSaveStream(scratch.at('file'), options), VALUE);
    });
  }

  it('is refused by the primitives', async () => {
    await assert.rejects(fsync(-1), RANGE);
    assert.throws(() => openTmpfileSync(scratch.path, -1), RANGE);
    assert.throws(() => renameat2Sync('a', 'b', 2 ** 32), RANGE);
  });
});

describe('wrong options as a whole', () => {
  const wrong = [7, 'utf8', true, () => ({}), ['ordered'], Symbol('options')];
  const calls: Record<string, (options: never) => unknown> = {
    'new Saver': (options) => new Saver(scratch.at('file'), options),
    exchange: (options) => exchange(scratch.at('a'), scratch.at('b'), options),
    renameExclusive: (options) => renameExclusive(scratch.at('a'), scratch.at('b'), options),
    replaceSymlink: (options) => replaceSymlink('a', scratch.at('b'), options),
    replaceDirectory: (options) => replaceDirectory(scratch.at('a'), scratch.at('b'), options),
    openTemporary: (options) => openTemporary(scratch.path, options),
  };

  for (const [name, call] of Object.entries(calls)) {
    for (const options of wrong) {
      it(`are refused by ${name}: ${inspect(options)}`, async () => {
        await assert.rejects(async () => call(options as never), {
          ...TYPE,
          message: /^The "options" argument must be of type object/,
        });
      });
    }
  }

  it('are refused by createSaveStream, update and saveAll', async () => {
    for (const options of wrong.filter((one) => one !== 'utf8')) {
      const given = options as never;
      assert.throws(() => createSaveStream(scratch.at('file'), given), TYPE);
      await assert.rejects(saveAll([], given), TYPE);
      await assert.rejects(async () => update(scratch.at('file'), () => 'new', given), TYPE);
    }
  });
});

describe('an option whose accessor throws', () => {
  it('makes the call fail with that error, and changes nothing', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const before = statSync(scratch.at('file')).ino;
    const mine = new Error('mine');
    const options = {
      get durability(): 'none' {
        throw mine;
      },
    };
    const isMine = (error: unknown): boolean => error === mine;
    await assert.rejects(save(scratch.at('file'), 'new', options), isMine);
    await assert.rejects(saveAll([{ path: scratch.at('file'), data: 'new' }], options), isMine);
    await assert.rejects(
      update(scratch.at('file'), () => 'new', options),
      isMine,
    );
    assert.throws(() => createSaveStream(scratch.at('file'), options), isMine);
    assert.throws(() => new Saver(scratch.at('file'), options), isMine);
    assert.equal(statSync(scratch.at('file')).ino, before);
  });
});
