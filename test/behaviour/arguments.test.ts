import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, it } from 'vitest';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
const RANGE = { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' };

const wrongOptions: [string, unknown, object][] = [
  ['options', 7, TYPE],
  ['options.encoding', 'utf-9', VALUE],
  ['options.encoding', { encoding: 8 }, TYPE],
  ['options.durability', { durability: 'forever' }, VALUE],
  ['options.durability', { durability: true }, TYPE],
  ['options.ifExists', { ifExists: 'wx' }, VALUE],
  ['options.mode', { mode: 0o200000 }, RANGE],
  ['options.mode', { mode: -1 }, RANGE],
  ['options.mode', { mode: 6.5 }, RANGE],
  ['options.mode', { mode: '0x1ff' }, VALUE],
  ['options.mode', { mode: {} }, TYPE],
  ['options.owner', { owner: 0 }, TYPE],
  ['options.owner', { owner: { required: false } }, VALUE],
  ['options.owner.gid', { owner: { uid: 0, gid: 0xffff_ffff } }, RANGE],
  ['options.preserve', { preserve: 'mode' }, VALUE],
  ['options.followSymlinks', { followSymlinks: 1 }, TYPE],
  ['options.makeDirectories', { makeDirectories: 'yes' }, TYPE],
  ['options.signal', { signal: {} }, TYPE],
  ['options.strict', { strict: 0 }, TYPE],
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
      it(`${JSON.stringify(options)} with an error that names ${option}`, async () => {
        await assert.rejects(async () => call(scratch.at('file'), 'new', options), {
          ...expected,
          message: new RegExp(`"${option.replaceAll('.', '\\.')}"|The "options" argument`),
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
