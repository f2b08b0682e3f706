import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { renameExclusive, renameExclusiveSync } from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const inMemory = new ScratchDirectory(() => '/dev/shm');
const native = engineUnderTest === 'native';

const forms = [
  { name: 'renameExclusive', rename: renameExclusive },
  {
    name: 'renameExclusiveSync',
    rename: async (...args: Parameters<typeof renameExclusive>) => renameExclusiveSync(...args),
  },
];

for (const { name, rename } of forms) {
  if (native)
    describe(name, () => {
      it('renames a file into another directory', async () => {
        mkdirSync(scratch.at('other'));
        writeFileSync(scratch.at('from'), 'content');
        await rename(scratch.at('from'), scratch.at('other', 'to'));
        assert.equal(readFileSync(scratch.at('other', 'to'), 'utf8'), 'content');
        assert.equal(existsSync(scratch.at('from')), false);
      });

      it('renames a directory', async () => {
        mkdirSync(scratch.at('from'));
        await rename(scratch.at('from'), `${scratch.at('to')}/`);
        assert.deepEqual(readdirSync(scratch.path), ['to']);
      });

      it('fails if a file stands there, and changes nothing', async () => {
        writeFileSync(scratch.at('from'), 'new');
        writeFileSync(scratch.at('to'), 'old');
        await assert.rejects(rename(scratch.at('from'), scratch.at('to')), {
          code: 'EEXIST',
          syscall: 'rename',
          path: scratch.at('from'),
          dest: scratch.at('to'),
          published: false,
        });
        assert.equal(readFileSync(scratch.at('to'), 'utf8'), 'old');
        assert.equal(readFileSync(scratch.at('from'), 'utf8'), 'new');
      });

      it('fails if a dangling link stands there', async () => {
        writeFileSync(scratch.at('from'), 'new');
        symlinkSync('nowhere', scratch.at('to'));
        await assert.rejects(rename(scratch.at('from'), scratch.at('to')), { code: 'EEXIST' });
      });

      it('lets one of many win', async () => {
        const names = Array.from({ length: 20 }, (_, index) => `from${index}`);
        for (const from of names) writeFileSync(scratch.at(from), from);
        const outcomes = await Promise.allSettled(
          names.map((from) => rename(scratch.at(from), scratch.at('to'))),
        );
        assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
        assert.equal(readdirSync(scratch.path).length, 20);
      });

      it('fails for a missing file and across filesystems', async () => {
        await assert.rejects(rename(scratch.at('from'), scratch.at('to')), { code: 'ENOENT' });
        writeFileSync(scratch.at('from'), '');
        await assert.rejects(rename(scratch.at('from'), inMemory.at('to')), { code: 'EXDEV' });
      });

      it("fails with the kernel's error for a directory that would go into itself", async () => {
        mkdirSync(scratch.at('from'));
        await assert.rejects(rename(scratch.at('from'), scratch.at('from', 'to')), { code: 'EINVAL' });
      });
    });

  if (!native)
    describe(`${name} without the addon`, () => {
      it('is unsupported, and changes nothing', async () => {
        writeFileSync(scratch.at('from'), '');
        await assert.rejects(async () => rename(scratch.at('from'), scratch.at('to')), {
          code: 'ERR_INDELIBLE_UNSUPPORTED',
        });
        assert.deepEqual(readdirSync(scratch.path), ['from']);
      });
    });
}
