import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'vitest';
import { inspect, replaceSymlink, replaceSymlinkSync } from '../../src/index.js';
import { MEMORY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';

const scratch = new ScratchDirectory();

const forms = [
  { name: 'replaceSymlink', replace: replaceSymlink },
  {
    name: 'replaceSymlinkSync',
    replace: async (...args: Parameters<typeof replaceSymlink>) => replaceSymlinkSync(...args),
  },
];

for (const form of forms) {
  describe(form.name, () => {
    it('points a link to another target, and reports the durability that it achieved', async () => {
      symlinkSync('old', scratch.at('link'));
      const { durable } = (await inspect(scratch.path)).protocol;
      // Plain `fs` cannot sync a link's inode, which an ext4 without a journal needs.
      const lost = durable.replaced === 'held' && engineUnderTest === 'portable';
      const expected = lost ? 'none' : durable.achieves;
      assert.deepEqual(await form.replace('new', scratch.at('link')), { durability: expected });
      assert.equal(readlinkSync(scratch.at('link')), 'new');
      assert.deepEqual(readdirSync(scratch.path), ['link']);
    });

    it('makes a link that does not exist yet', async () => {
      await form.replace('target', scratch.at('link'));
      assert.equal(readlinkSync(scratch.at('link')), 'target');
    });

    it('replaces a link that leads to a directory, and nothing inside that directory', async () => {
      mkdirSync(scratch.at('release-1'));
      mkdirSync(scratch.at('release-2'));
      symlinkSync('release-1', scratch.at('current'));
      await form.replace('release-2', scratch.at('current'));
      assert.equal(readlinkSync(scratch.at('current')), 'release-2');
      assert.deepEqual(readdirSync(scratch.at('release-1')), []);
    });

    it('leaves the text as it is given: relative, of any bytes, or from a URL', async () => {
      await form.replace('../up/./there', scratch.at('relative'));
      await form.replace(Buffer.from([0x66, 0xff]), scratch.at('bytes'));
      await form.replace(pathToFileURL('/some/where'), scratch.at('url'));
      assert.equal(readlinkSync(scratch.at('relative')), '../up/./there');
      assert.deepEqual(readlinkSync(scratch.at('bytes'), 'buffer'), Buffer.from([0x66, 0xff]));
      assert.equal(readlinkSync(scratch.at('url')), '/some/where');
    });

    for (const kind of ['file', 'directory', 'FIFO'] as const) {
      it(`refuses to replace a ${kind}`, async () => {
        if (kind === 'file') writeFileSync(scratch.at('path'), 'content');
        if (kind === 'directory') mkdirSync(scratch.at('path'));
        if (kind === 'FIFO') execFileSync('mkfifo', [scratch.at('path')]);
        await assert.rejects(form.replace('target', scratch.at('path')), {
          code: 'ERR_INDELIBLE_NOT_A_SYMLINK',
          path: scratch.at('path'),
          published: false,
        });
        assert.deepEqual(readdirSync(scratch.path), ['path']);
      });
    }

    it('fails in a directory that is missing', async () => {
      await assert.rejects(form.replace('target', scratch.at('missing', 'link')), {
        code: 'ENOENT',
        syscall: 'open',
        path: scratch.at('missing', 'link'),
        published: false,
      });
    });

    it('leaves the old link and nothing else if the new text is too long', async () => {
      symlinkSync('old', scratch.at('link'));
      await assert.rejects(form.replace('x'.repeat(5000), scratch.at('link')), {
        code: 'ENAMETOOLONG',
        syscall: 'symlink',
        published: false,
      });
      assert.equal(readlinkSync(scratch.at('link')), 'old');
      assert.deepEqual(readdirSync(scratch.path), ['link']);
    });

    it.skipIf(!existsSync(MEMORY))('refuses with strict what cannot be made durable', async () => {
      await assert.rejects(form.replace('target', `${MEMORY}/indelible-link`, { strict: true }), {
        code: 'ERR_INDELIBLE_NOT_DURABLE',
        published: false,
      });
      assert.equal(existsSync(`${MEMORY}/indelible-link`), false);
    });

    it('always leads a reader to one target or the other', async () => {
      for (const name of ['one', 'two']) writeFileSync(scratch.at(name), name);
      symlinkSync('one', scratch.at('link'));
      let over = false;
      const replacing = (async () => {
        for (let round = 0; round < 50; round += 1) {
          await form.replace(round % 2 === 0 ? 'two' : 'one', scratch.at('link'), { durability: 'none' });
        }
      })().finally(() => {
        over = true;
      });
      while (!over) {
        assert.match(readFileSync(scratch.at('link'), 'utf8'), /^(one|two)$/);
        await new Promise(setImmediate);
      }
      await replacing;
    });

    it('replaces at the same time as other calls, and leaves one of the links', async () => {
      const targets = Array.from({ length: 20 }, (_, index) => `target-${index}`);
      await Promise.all(targets.map((target) => form.replace(target, scratch.at('link'))));
      assert.ok(targets.includes(readlinkSync(scratch.at('link'))));
      assert.deepEqual(readdirSync(scratch.path), ['link']);
    });

    it('checks its arguments and names the wrong one', async () => {
      // @ts-expect-error: not a path
      await assert.rejects(form.replace(undefined, 'link'), { message: /"target" argument/ });
      await assert.rejects(form.replace('a\0b', scratch.at('link')), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /"target" argument/,
      });
      // @ts-expect-error: not a path
      await assert.rejects(form.replace('target', 7), { message: /"path" argument/ });
    });
  });
}
