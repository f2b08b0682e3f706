import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, it } from 'vitest';
import { exchange, exchangeSync } from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const inMemory = new ScratchDirectory(() => '/dev/shm');
const native = engineUnderTest === 'native';

const forms = [
  { name: 'exchange', swap: exchange },
  { name: 'exchangeSync', swap: async (...args: Parameters<typeof exchange>) => exchangeSync(...args) },
];

for (const { name, swap } of forms) {
  if (native)
    describe(name, () => {
      it('swaps two files', async () => {
        writeFileSync(scratch.at('a'), 'a');
        writeFileSync(scratch.at('b'), 'b');
        await swap(scratch.at('a'), scratch.at('b'));
        assert.equal(readFileSync(scratch.at('a'), 'utf8'), 'b');
        assert.equal(readFileSync(scratch.at('b'), 'utf8'), 'a');
      });

      it('swaps things of different kinds in different directories', async () => {
        mkdirSync(scratch.at('one', 'tree'), { recursive: true });
        mkdirSync(scratch.at('other'));
        symlinkSync('nowhere', scratch.at('other', 'link'));
        await swap(scratch.at('one', 'tree'), scratch.at('other', 'link'));
        assert.equal(readlinkSync(scratch.at('one', 'tree')), 'nowhere');
        assert.ok(lstatSync(scratch.at('other', 'link')).isDirectory());
      });

      it('takes paths of directories with a slash at the end', async () => {
        mkdirSync(scratch.at('a'));
        mkdirSync(scratch.at('b'));
        writeFileSync(scratch.at('a', 'inside'), '');
        await swap(`${scratch.at('a')}/`, `${scratch.at('b')}//`);
        assert.deepEqual(readdirSync(scratch.at('b')), ['inside']);
      });

      it('takes names that are not UTF-8', async () => {
        const strange = Buffer.concat([Buffer.from(`${scratch.path}/`), Buffer.from([0xff, 0xfe])]);
        writeFileSync(strange, 'strange');
        writeFileSync(scratch.at('b'), 'b');
        await swap(strange, scratch.at('b'), { durability: 'none' });
        assert.equal(readFileSync(strange, 'utf8'), 'b');
      });

      it('fails where one is missing, and changes nothing', async () => {
        writeFileSync(scratch.at('a'), 'a');
        await assert.rejects(swap(scratch.at('a'), scratch.at('missing')), {
          code: 'ENOENT',
          syscall: 'rename',
          path: scratch.at('a'),
          dest: scratch.at('missing'),
          published: false,
        });
        assert.deepEqual(readdirSync(scratch.path), ['a']);
      });

      it('fails across filesystems', async () => {
        writeFileSync(scratch.at('a'), 'a');
        writeFileSync(inMemory.at('b'), 'b');
        await assert.rejects(swap(scratch.at('a'), inMemory.at('b')), { code: 'EXDEV', published: false });
      });

      it("fails with the kernel's error for a directory and what is in it", async () => {
        mkdirSync(scratch.at('outer'));
        writeFileSync(scratch.at('outer', 'inner'), '');
        await assert.rejects(swap(scratch.at('outer'), scratch.at('outer', 'inner')), { code: 'EINVAL' });
      });

      it('refuses wrong arguments', async () => {
        await assert.rejects(async () => swap('a\0', 'b'), { code: 'ERR_INVALID_ARG_VALUE' });
        await assert.rejects(async () => swap('a', 1 as unknown as string), { code: 'ERR_INVALID_ARG_TYPE' });
        await assert.rejects(async () => swap('a', 'b', { durability: 'x' as 'none' }), {
          code: 'ERR_INVALID_ARG_VALUE',
        });
      });
    });

  if (!native)
    describe(`${name} without the addon`, () => {
      it('is unsupported, and changes nothing', async () => {
        writeFileSync(scratch.at('a'), 'a');
        writeFileSync(scratch.at('b'), 'b');
        await assert.rejects(async () => swap(scratch.at('a'), scratch.at('b')), {
          code: 'ERR_INDELIBLE_UNSUPPORTED',
          published: false,
        });
        assert.equal(readFileSync(scratch.at('a'), 'utf8'), 'a');
      });
    });
}
