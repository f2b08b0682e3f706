import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { describe, it } from 'vitest';
import { renameExclusive, renameExclusiveSync } from '../../src/index.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';

const scratch = new ScratchDirectory();

/** Node's errno for EEXIST. On Windows it is a number that only Node uses. */
const [number] = [...getSystemErrorMap()].find(([, [code]]) => code === 'EEXIST') ?? [];

const forms = [
  { name: 'renameExclusive', rename: renameExclusive },
  {
    name: 'renameExclusiveSync',
    rename: async (...args: Parameters<typeof renameExclusive>) => renameExclusiveSync(...args),
  },
];

for (const form of forms) {
  if (engineUnderTest === 'native') {
    describe(form.name, () => {
      it('renames, and reports the durability that it achieved', async () => {
        writeFileSync(scratch.at('from'), 'content');
        mkdirSync(scratch.at('directory'));
        const expected = isInMemory(scratch.path) ? 'none' : 'durable';
        assert.deepEqual(await form.rename(scratch.at('from'), scratch.at('directory', 'to')), {
          durability: expected,
        });
        assert.deepEqual(readdirSync(scratch.path), ['directory']);
        assert.equal(readFileSync(scratch.at('directory', 'to'), 'utf8'), 'content');
      });

      it('renames directories and links, and a link itself instead of its target', async () => {
        mkdirSync(scratch.at('old'));
        writeFileSync(scratch.at('old', 'inside'), '');
        symlinkSync('old', scratch.at('link'));
        await form.rename(scratch.at('link'), scratch.at('renamed-link'));
        await form.rename(scratch.at('old'), scratch.at('new'));
        assert.deepEqual(readdirSync(scratch.at('new')), ['inside']);
        assert.equal(readlinkSync(scratch.at('renamed-link')), 'old');
      });

      for (const kind of ['file', 'directory', 'dangling link'] as const) {
        it(`fails with EEXIST if a ${kind} exists at the new path`, async () => {
          writeFileSync(scratch.at('from'), 'content');
          if (kind === 'file') writeFileSync(scratch.at('to'), 'other');
          if (kind === 'directory') mkdirSync(scratch.at('to'));
          if (kind === 'dangling link') symlinkSync('nowhere', scratch.at('to'));
          await assert.rejects(form.rename(scratch.at('from'), scratch.at('to')), {
            code: 'EEXIST',
            errno: number,
            syscall: 'rename',
            path: scratch.at('from'),
            dest: scratch.at('to'),
            published: false,
          });
          assert.deepEqual(readdirSync(scratch.path).sort(), ['from', 'to']);
        });
      }

      it('lets exactly one of many calls win', async () => {
        const names = Array.from({ length: 20 }, (_, index) => `from-${index}`);
        for (const name of names) writeFileSync(scratch.at(name), name);
        const outcomes = await Promise.allSettled(
          names.map((name) => form.rename(scratch.at(name), scratch.at('to'))),
        );
        const winners = names.filter((_, index) => outcomes[index]?.status === 'fulfilled');
        assert.deepEqual(winners, [readFileSync(scratch.at('to'), 'utf8')]);
        assert.equal(readdirSync(scratch.path).length, names.length);
      });

      it('fails with ENOENT if there is nothing to rename', async () => {
        await assert.rejects(form.rename(scratch.at('from'), scratch.at('to')), {
          code: 'ENOENT',
          syscall: 'rename',
          published: false,
        });
      });

      it('does not put a directory into itself, and says that this is impossible, not unsupported', async () => {
        mkdirSync(scratch.at('outer'));
        await assert.rejects(form.rename(scratch.at('outer'), scratch.at('outer', 'inner')), {
          code: 'EINVAL',
          published: false,
        });
      });
    });
  }

  if (engineUnderTest === 'portable') {
    describe(`${form.name} of the portable engine`, () => {
      it('is unsupported, since link and unlink would show both names for a moment', async () => {
        writeFileSync(scratch.at('from'), 'content');
        await assert.rejects(form.rename(scratch.at('from'), scratch.at('to')), {
          code: 'ERR_INDELIBLE_UNSUPPORTED',
          published: false,
        });
        assert.deepEqual(readdirSync(scratch.path), ['from']);
      });
    });
  }
}
