import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'vitest';
import { exchange, exchangeSync } from '../../src/index.js';
import { isInMemory, isRoot, MEMORY, NOBODY } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { callAs } from './call-as.js';
import { engineUnderTest } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const mounts = new Mounts();

const forms = [
  { name: 'exchange', exchange },
  {
    name: 'exchangeSync',
    exchange: async (...args: Parameters<typeof exchange>) => exchangeSync(...args),
  },
];

const contentOf = (name: string) => readFileSync(scratch.at(name), 'utf8');

function makeTwo(): void {
  writeFileSync(scratch.at('a'), 'was a');
  writeFileSync(scratch.at('b'), 'was b');
}

for (const form of forms) {
  if (engineUnderTest === 'native') {
    describe(form.name, () => {
      it('swaps two files', async () => {
        makeTwo();
        await form.exchange(scratch.at('a'), scratch.at('b'));
        assert.deepEqual([contentOf('a'), contentOf('b')], ['was b', 'was a']);
        assert.deepEqual(readdirSync(scratch.path).sort(), ['a', 'b']);
      });

      it('reports the durability that it achieved', async () => {
        makeTwo();
        const { durability } = await form.exchange(scratch.at('a'), scratch.at('b'), { durability: 'none' });
        assert.equal(durability, 'none');
        const expected = isInMemory(scratch.path) ? 'none' : 'durable';
        assert.deepEqual(await form.exchange(scratch.at('a'), scratch.at('b')), { durability: expected });
      });

      it('swaps entries of different kinds: a file, a directory, a dangling link', async () => {
        writeFileSync(scratch.at('file'), 'content');
        mkdirSync(scratch.at('directory'));
        writeFileSync(scratch.at('directory', 'inside'), 'inside');
        symlinkSync('nowhere', scratch.at('link'));
        await form.exchange(scratch.at('file'), scratch.at('directory'));
        await form.exchange(scratch.at('link'), scratch.at('file'));
        assert.equal(readFileSync(scratch.at('directory'), 'utf8'), 'content');
        assert.equal(readlinkSync(scratch.at('file')), 'nowhere');
        assert.equal(readFileSync(scratch.at('link', 'inside'), 'utf8'), 'inside');
      });

      it('swaps across directories, and takes any form of path', async () => {
        mkdirSync(scratch.at('one'));
        mkdirSync(scratch.at('two'));
        writeFileSync(scratch.at('one', 'x'), 'was one');
        writeFileSync(scratch.at('two', 'y'), 'was two');
        await form.exchange(pathToFileURL(scratch.at('one', 'x')), Buffer.from(scratch.at('two', 'y')));
        assert.deepEqual([contentOf('one/x'), contentOf('two/y')], ['was two', 'was one']);
      });

      for (const missing of ['a', 'b']) {
        it(`changes nothing if ${missing === 'a' ? 'the first' : 'the second'} is missing`, async () => {
          const existing = missing === 'a' ? 'b' : 'a';
          writeFileSync(scratch.at(existing), 'content');
          await assert.rejects(form.exchange(scratch.at('a'), scratch.at('b')), {
            code: 'ENOENT',
            syscall: 'rename',
            path: scratch.at('a'),
            dest: scratch.at('b'),
            published: false,
          });
          assert.deepEqual(readdirSync(scratch.path).sort(), [existing]);
        });
      }

      it('says which path has no directory', async () => {
        writeFileSync(scratch.at('a'), '');
        await assert.rejects(form.exchange(scratch.at('a'), scratch.at('missing', 'b')), {
          code: 'ENOENT',
          syscall: 'open',
          path: scratch.at('missing', 'b'),
        });
      });

      it('does not put a directory into itself, and says that this is impossible, not unsupported', async () => {
        mkdirSync(scratch.at('outer', 'inner'), { recursive: true });
        const outer = scratch.at('outer');
        const inner = scratch.at('outer', 'inner');
        await assert.rejects(form.exchange(outer, inner), { code: 'EINVAL', published: false });
        await assert.rejects(form.exchange(inner, outer), { code: 'EINVAL', published: false });
      });

      it('refuses a file whose path ends in a slash', async () => {
        makeTwo();
        await assert.rejects(form.exchange(`${scratch.at('a')}/`, scratch.at('b')), { code: 'ENOTDIR' });
        assert.equal(contentOf('a'), 'was a');
      });

      it.skipIf(!existsSync(MEMORY) || isInMemory('.'))('never crosses filesystems', async (test) => {
        test.skip(isInMemory(scratch.path), 'no second filesystem');
        writeFileSync(scratch.at('a'), 'content');
        await assert.rejects(form.exchange(scratch.at('a'), MEMORY), { code: 'EXDEV', published: false });
      });

      it.skipIf(!isRoot)('fails with an error that names the mount point', async (test) => {
        makeTwo();
        writeFileSync(scratch.at('mounted'), '');
        const refused = mounts.mount(scratch.at('b'), ['--bind', scratch.at('mounted')]);
        test.skip(refused !== undefined, refused);
        await assert.rejects(form.exchange(scratch.at('a'), scratch.at('b')), {
          code: 'EBUSY',
          published: false,
          message: /mount point/,
        });
      });

      it.skipIf(!isRoot)('fails with EROFS on a read-only filesystem', async (test) => {
        makeTwo();
        const refused = mounts.mount(scratch.path, ['--bind', '-o', 'ro', scratch.path]);
        test.skip(refused !== undefined, refused);
        await assert.rejects(form.exchange(scratch.at('a'), scratch.at('b')), {
          code: 'EROFS',
          published: false,
        });
      });

      it.skipIf(!existsSync(MEMORY))('refuses with strict what cannot be made durable', async () => {
        const directory = mkdtempSync(join(MEMORY, 'indelible-'));
        try {
          for (const name of ['a', 'b']) writeFileSync(join(directory, name), name);
          const exchanged = form.exchange(join(directory, 'a'), join(directory, 'b'), { strict: true });
          await assert.rejects(exchanged, { code: 'ERR_INDELIBLE_NOT_DURABLE', published: false });
          assert.equal(readFileSync(join(directory, 'a'), 'utf8'), 'a');
          assert.deepEqual(readdirSync(directory).sort(), ['a', 'b']);
        } finally {
          rmSync(directory, { recursive: true });
        }
      });

      it('never shows a reader anything but the two files', async () => {
        makeTwo();
        const exchanging = (async () => {
          for (let round = 0; round < 50; round += 1) {
            await form.exchange(scratch.at('a'), scratch.at('b'), { durability: 'none' });
          }
        })();
        let over = false;
        const end = exchanging.finally(() => {
          over = true;
        });
        while (!over) {
          assert.match(contentOf('a'), /^was [ab]$/);
          assert.equal(lstatSync(scratch.at('b')).isFile(), true);
          await new Promise(setImmediate);
        }
        await end;
      });
    });
  }

  if (engineUnderTest === 'portable') {
    describe(`${form.name} of the portable engine`, () => {
      it('is unsupported, and changes nothing', async () => {
        makeTwo();
        await assert.rejects(form.exchange(scratch.at('a'), scratch.at('b')), {
          code: 'ERR_INDELIBLE_UNSUPPORTED',
          path: scratch.at('a'),
          dest: scratch.at('b'),
          published: false,
        });
        assert.deepEqual([contentOf('a'), contentOf('b')], ['was a', 'was b']);
      });
    });
  }

  describe(`the arguments of ${form.name}`, () => {
    it('are checked, and named in the error', async () => {
      const wrong = { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' };
      // @ts-expect-error: not a path
      await assert.rejects(form.exchange(1, 'b'), { ...wrong, message: /"a" argument/ });
      // @ts-expect-error: not a path
      await assert.rejects(form.exchange('a', null), { ...wrong, message: /"b" argument/ });
      // @ts-expect-error: not an object
      await assert.rejects(form.exchange('a', 'b', 'durable'), { ...wrong, message: /"options" argument/ });
      // @ts-expect-error: not a boolean
      await assert.rejects(form.exchange('a', 'b', { strict: 1 }), {
        ...wrong,
        message: /"options.strict" property/,
      });
      await assert.rejects(
        // @ts-expect-error: no durability
        form.exchange('a', 'b', { durability: 'eternal' }),
        { code: 'ERR_INVALID_ARG_VALUE', message: /"options.durability" property/ },
      );
    });
  });
}

if (engineUnderTest === 'native') {
  for (const form of forms) {
    describe.skipIf(!isRoot)(`${form.name} by a process without privileges`, () => {
      it('fails with EACCES in a directory that it may not write', async () => {
        makeTwo();
        const { error } = await callAs(
          { uid: NOBODY, gid: NOBODY },
          form.name,
          scratch.at('a'),
          scratch.at('b'),
        );
        assert.equal(error?.code, 'EACCES');
        assert.deepEqual([contentOf('a'), contentOf('b')], ['was a', 'was b']);
      });
    });
  }
}
