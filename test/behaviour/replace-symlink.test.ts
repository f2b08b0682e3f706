import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { replaceSymlink, replaceSymlinkSync } from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

const forms = [
  { name: 'replaceSymlink', replace: replaceSymlink },
  {
    name: 'replaceSymlinkSync',
    replace: async (...args: Parameters<typeof replaceSymlink>) => replaceSymlinkSync(...args),
  },
];

for (const { name, replace } of forms) {
  describe(name, () => {
    it('makes a link', async () => {
      await replace('target', scratch.at('link'));
      assert.equal(readlinkSync(scratch.at('link')), 'target');
    });

    it('points an old link at another target, and leaves nothing beside it', async () => {
      symlinkSync('old', scratch.at('link'));
      await replace('new', scratch.at('link'), { durability: 'none' });
      assert.equal(readlinkSync(scratch.at('link')), 'new');
      assert.deepEqual(readdirSync(scratch.path), ['link']);
    });

    it('replaces a link to a directory itself', async () => {
      mkdirSync(scratch.at('v1'));
      symlinkSync('v1', scratch.at('current'));
      await replace('v2', scratch.at('current'));
      assert.equal(readlinkSync(scratch.at('current')), 'v2');
      assert.deepEqual(readdirSync(scratch.at('v1')), []);
    });

    it('keeps a target of bytes that are not UTF-8', async () => {
      const target = Buffer.from([0x61, 0xff]);
      await replace(target, scratch.at('link'));
      assert.deepEqual(readlinkSync(scratch.at('link'), 'buffer'), target);
    });

    it('is followed to the old target or the new, at any instant', async () => {
      for (const version of ['v1', 'v2']) writeFileSync(scratch.at(version), version);
      symlinkSync('v1', scratch.at('current'));
      let going = true;
      const replacing = (async () => {
        for (let round = 0; round < 100; round += 1) {
          await replace(round % 2 === 0 ? 'v2' : 'v1', scratch.at('current'), { durability: 'none' });
          await new Promise((resolve) => setImmediate(resolve));
        }
        going = false;
      })();
      while (going) {
        assert.ok(['v1', 'v2'].includes(readFileSync(scratch.at('current'), 'utf8')));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await replacing;
    });

    for (const kind of ['file', 'directory'] as const) {
      it(`does not replace a ${kind}, and leaves nothing beside it`, async () => {
        if (kind === 'file') writeFileSync(scratch.at('there'), 'content');
        else mkdirSync(scratch.at('there'));
        await assert.rejects(replace('target', scratch.at('there')), {
          code: 'EEXIST',
          syscall: 'symlink',
          path: scratch.at('there'),
          published: false,
        });
        assert.deepEqual(readdirSync(scratch.path), ['there']);
      });
    }

    it('fails in a missing directory', async () => {
      await assert.rejects(replace('target', scratch.at('missing', 'link')), {
        code: 'ENOENT',
        syscall: 'open',
      });
    });

    it('refuses wrong arguments', async () => {
      await assert.rejects(async () => replace(1 as unknown as string, 'link'), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
      await assert.rejects(async () => replace('a\0b', 'link'), { code: 'ERR_INVALID_ARG_VALUE' });
      await assert.rejects(async () => replace('a', 'link\0'), { code: 'ERR_INVALID_ARG_VALUE' });
    });
  });
}
