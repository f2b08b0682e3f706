import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'vitest';
import { replaceDirectory, replaceDirectorySync, sweep } from '../../src/index.js';
import { durableIfOrdered } from '../durable-if-ordered.js';
import { isInMemory, isRoot, MEMORY, NOBODY } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const mounts = new Mounts();

const forms = [
  { name: 'replaceDirectory', replace: replaceDirectory },
  {
    name: 'replaceDirectorySync',
    replace: async (...args: Parameters<typeof replaceDirectory>) => replaceDirectorySync(...args),
  },
];

/** On Windows a link needs a privilege, and plain `fs` cannot sync a read-only file. */
const onWindows = process.platform === 'win32';

/** A tree of three levels, with a link, an empty directory and a file of each kind of mode. */
function makeTree(root: string, content: string): void {
  mkdirSync(join(root, 'a', 'b'), { recursive: true });
  mkdirSync(join(root, 'empty'));
  writeFileSync(join(root, 'top'), content);
  writeFileSync(join(root, 'a', 'middle'), content, { mode: onWindows ? 0o666 : 0o444 });
  writeFileSync(join(root, 'a', 'b', 'deep'), content);
  if (!onWindows) symlinkSync('a/middle', join(root, 'link'));
}

function assertTree(root: string, content: string): void {
  const links = onWindows ? [] : ['link'];
  const names = readdirSync(root, { recursive: true }) as string[];
  assert.deepEqual(names.map((name) => name.replaceAll('\\', '/')).sort(), [
    'a',
    'a/b',
    'a/b/deep',
    'a/middle',
    'empty',
    ...links,
    'top',
  ]);
  for (const file of ['top', 'a/middle', 'a/b/deep', ...links]) {
    assert.equal(readFileSync(join(root, file), 'utf8'), content);
  }
}

const staged = () => scratch.at('staged');
const site = () => scratch.at('site');

for (const form of forms) {
  describe(form.name, () => {
    it('puts a directory at a path where nothing exists', async () => {
      makeTree(staged(), 'new');
      const { replaced } = await form.replace(staged(), site());
      assertTree(site(), 'new');
      assert.deepEqual(readdirSync(scratch.path), ['site']);
      assert.equal(replaced, false);
    });

    it('says that the tree is durable', async () => {
      makeTree(staged(), 'new');
      const { durability } = await form.replace(staged(), site());
      assert.equal(durability, await durableIfOrdered(scratch.path));
    });

    it('replaces an empty directory', async () => {
      makeTree(staged(), 'new');
      mkdirSync(site());
      const { replaced } = await form.replace(staged(), site());
      assertTree(site(), 'new');
      assert.deepEqual(readdirSync(scratch.path), ['site']);
      assert.equal(replaced, true);
    });

    it('moves between directories, and takes any form of path', async () => {
      mkdirSync(scratch.at('one'));
      mkdirSync(scratch.at('two'));
      makeTree(scratch.at('one', 'staged'), 'new');
      await form.replace(
        pathToFileURL(`${scratch.at('one', 'staged')}/`),
        Buffer.from(`${scratch.at('two', 'site')}/`),
      );
      assertTree(scratch.at('two', 'site'), 'new');
      assert.deepEqual(readdirSync(scratch.at('one')), []);
    });

    it('changes nothing if the staged directory is missing', async () => {
      makeTree(site(), 'old');
      const error = { code: 'ENOENT', syscall: 'open', path: staged(), published: false };
      await assert.rejects(form.replace(staged(), site()), error);
      assertTree(site(), 'old');
    });

    it('says which path has no directory', async () => {
      makeTree(staged(), 'new');
      const path = scratch.at('missing', 'site');
      await assert.rejects(form.replace(staged(), path), { code: 'ENOENT', syscall: 'open', path });
      assertTree(staged(), 'new');
    });

    for (const [what, make] of [
      ['a file', (path: string) => writeFileSync(path, 'content')],
      ['a symbolic link to a directory', (path: string) => symlinkSync('.', path)],
    ] as const) {
      it(`refuses ${what} at either path`, async () => {
        makeTree(staged(), 'new');
        make(site());
        const refused = { code: 'ENOTDIR', path: site(), published: false, message: /replaceSymlink/ };
        await assert.rejects(form.replace(staged(), site()), refused);
        await assert.rejects(form.replace(site(), scratch.at('other')), refused);
        await assert.rejects(form.replace(`${staged()}/`, `${site()}/`), { ...refused, path: `${site()}/` });
        assertTree(staged(), 'new');
      });
    }

    it('refuses a directory and one inside it, and the same directory twice', async () => {
      makeTree(staged(), 'new');
      mkdirSync(scratch.at('a'));
      symlinkSync('../staged/a', scratch.at('a', 'link'));
      for (const [from, to] of [
        [staged(), scratch.at('staged', 'a', 'new')],
        [staged(), scratch.at('a', 'link', 'new')],
        [staged(), staged()],
      ]) {
        await assert.rejects(form.replace(from ?? '', to ?? ''), { code: 'EINVAL', published: false });
      }
      assertTree(staged(), 'new');
    });

    it.skipIf(!existsSync(MEMORY) || isInMemory('.'))('refuses another filesystem', async (test) => {
      test.skip(isInMemory(scratch.path), 'no second filesystem');
      makeTree(staged(), 'new');
      const otherDirectory = mkdtempSync(join(MEMORY, 'indelible-'));
      try {
        const path = join(otherDirectory, 'site');
        const error = { code: 'EXDEV', syscall: 'rename', path: staged(), dest: path, published: false };
        await assert.rejects(form.replace(staged(), path), error);
        assert.deepEqual(readdirSync(otherDirectory), []);
        assertTree(staged(), 'new');
      } finally {
        rmSync(otherDirectory, { recursive: true });
      }
    });

    it.skipIf(!isRoot)('refuses a tree with a mount point in it', async (test) => {
      makeTree(staged(), 'new');
      makeTree(site(), 'old');
      const refused = mounts.mount(scratch.at('site', 'empty'), ['--bind', scratch.at('staged', 'a')]);
      test.skip(refused !== undefined, refused);
      const busy = { code: 'EBUSY', published: false, message: /site\/empty'.* is a mount point/ };
      await assert.rejects(form.replace(staged(), site()), busy);
      await assert.rejects(form.replace(site(), scratch.at('other')), busy);
      assertTree(staged(), 'new');
    });

    it.skipIf(!existsSync(MEMORY))('refuses with strict what cannot be made durable', async () => {
      const directory = mkdtempSync(join(MEMORY, 'indelible-'));
      try {
        mkdirSync(join(directory, 'staged'));
        await assert.rejects(
          form.replace(join(directory, 'staged'), join(directory, 'site'), { strict: true }),
          {
            code: 'ERR_INDELIBLE_NOT_DURABLE',
            published: false,
          },
        );
        assert.deepEqual(readdirSync(directory), ['staged']);
        const { durability } = await form.replace(join(directory, 'staged'), join(directory, 'site'));
        assert.equal(durability, 'none');
      } finally {
        rmSync(directory, { recursive: true });
      }
    });

    it('checks its arguments, and names the wrong one', async () => {
      const wrong = { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' };
      // @ts-expect-error: not a path
      await assert.rejects(form.replace(1, 'b'), { ...wrong, message: /"staged" argument/ });
      // @ts-expect-error: not a path
      await assert.rejects(form.replace('a', null), { ...wrong, message: /"path" argument/ });
      // @ts-expect-error: not an object
      await assert.rejects(form.replace('a', 'b', 'durable'), { ...wrong, message: /"options" argument/ });
      // @ts-expect-error: not a path
      await assert.rejects(form.replace('a', 'b', { keepPrevious: 1 }), {
        ...wrong,
        message: /"options.keepPrevious" property/,
      });
      await assert.rejects(form.replace('a', 'b', { keepPrevious: '' }), { code: 'ERR_INVALID_ARG_VALUE' });
    });
  });

  if (engineUnderTest === 'native') {
    describe(`${form.name} of the native engine`, () => {
      it('swaps the staged tree in and removes the old one', async () => {
        makeTree(staged(), 'new');
        makeTree(site(), 'old');
        const { ino } = statSync(staged());
        const { replaced, durability } = await form.replace(staged(), site());
        assertTree(site(), 'new');
        assert.equal(statSync(site()).ino, ino);
        assert.deepEqual(readdirSync(scratch.path), ['site']);
        assert.equal(replaced, true);
        assert.equal(durability, await durableIfOrdered(scratch.path));
      });

      for (const durability of ['ordered', 'none'] as const) {
        it(`swaps the trees with durability '${durability}'`, async () => {
          makeTree(staged(), 'new');
          makeTree(site(), 'old');
          await form.replace(staged(), site(), { durability });
          assertTree(site(), 'new');
          assert.deepEqual(readdirSync(scratch.path), ['site']);
        });
      }

      it('keeps the old tree, and removes the one that was kept before', async () => {
        mkdirSync(scratch.at('kept'));
        const keepPrevious = scratch.at('kept', 'site');
        for (const [content, names] of [
          ['0', []],
          ['1', ['site']],
          ['2', ['site']],
          ['3', ['site']],
        ] as const) {
          makeTree(staged(), content);
          await form.replace(staged(), site(), { keepPrevious });
          assertTree(site(), content);
          assert.deepEqual(readdirSync(scratch.at('kept')), names);
          if (names.length > 0) assertTree(keepPrevious, String(Number(content) - 1));
          assert.deepEqual(readdirSync(scratch.path).sort(), ['kept', 'site']);
        }
      });

      it('leaves the tree that was kept before where nothing is replaced', async () => {
        makeTree(staged(), 'new');
        makeTree(scratch.at('kept'), 'kept');
        await form.replace(staged(), site(), { keepPrevious: scratch.at('kept') });
        assertTree(scratch.at('kept'), 'kept');
      });

      it('refuses to keep the old tree at an impossible path', async () => {
        makeTree(staged(), 'new');
        makeTree(site(), 'old');
        writeFileSync(scratch.at('file'), '');
        for (const [keepPrevious, code] of [
          [scratch.at('site', 'kept'), 'EINVAL'],
          [scratch.at('staged', 'kept'), 'EINVAL'],
          [site(), 'EINVAL'],
          [staged(), 'EINVAL'],
          [scratch.path, 'EINVAL'],
          [scratch.at('file'), 'ENOTDIR'],
          [scratch.at('missing', 'kept'), 'ENOENT'],
        ] as const) {
          await assert.rejects(form.replace(staged(), site(), { keepPrevious }), { code, published: false });
        }
        assertTree(staged(), 'new');
        assertTree(site(), 'old');
      });

      it('shows a reader the old tree or the new, whole', async () => {
        makeTree(site(), '0');
        let over = false;
        const replacing = (async () => {
          for (let version = 1; version <= 40; version += 1) {
            makeTree(staged(), `${version}`);
            await form.replace(staged(), site(), { durability: 'none', keepPrevious: scratch.at('kept') });
          }
        })().finally(() => {
          over = true;
        });
        const buffer = Buffer.alloc(8);
        while (!over) {
          // Everything that is opened through one directory descriptor belongs to one tree.
          const directory = openSync(site(), 'r');
          const contents = ['top', 'a/middle', 'a/b/deep'].map((name) => {
            const file = openSync(`/proc/self/fd/${directory}/${name}`, 'r');
            const content = buffer.toString('latin1', 0, readSync(file, buffer));
            closeSync(file);
            return content;
          });
          closeSync(directory);
          assert.equal(new Set(contents).size, 1, contents.join());
          await new Promise(setImmediate);
        }
        await replacing;
      });

      it('replaces at the same time as other calls, and leaves one whole tree', async () => {
        makeTree(site(), 'old');
        const names = Array.from({ length: 8 }, (_, index) => `staged-${index}`);
        for (const name of names) makeTree(scratch.at(name), name);
        await Promise.all(names.map((name) => form.replace(scratch.at(name), site())));
        assertTree(site(), readFileSync(scratch.at('site', 'top'), 'utf8'));
        assert.deepEqual(readdirSync(scratch.path), ['site']);
      });

      it.skipIf(!isRoot)('fails with an error that names the mount point', async (test) => {
        makeTree(staged(), 'new');
        makeTree(site(), 'old');
        mkdirSync(scratch.at('mounted'));
        const refused = mounts.mount(site(), ['--bind', scratch.at('mounted')]);
        test.skip(refused !== undefined, refused);
        const busy = { code: 'EBUSY', path: site(), published: false, message: /mount point/ };
        await assert.rejects(form.replace(staged(), site()), busy);
        await assert.rejects(form.replace(site(), scratch.at('other')), busy);
        assertTree(staged(), 'new');
      });

      it('says where the old tree is left if it cannot be removed', async (test) => {
        test.skip(!isRoot, 'needs root');
        makeTree(staged(), 'new');
        makeTree(site(), 'old');
        try {
          execFileSync('chattr', ['+i', scratch.at('site', 'a', 'b')], { stdio: 'pipe' });
        } catch {
          test.skip(true, 'no file flags here');
        }
        const error = await form.replace(staged(), site()).then(
          () => assert.fail('it has been removed'),
          (reason) => reason,
        );
        assert.equal(error.published, true);
        assert.match(error.path, /\/\.indelible-tree-[a-z2-7]{16}\/a\/b/);
        execFileSync('chattr', ['-i', error.path.replace(/\/b\/.*$/, '/b')]);
        assertTree(site(), 'new');
        const [left = ''] = scratch.temporaries();
        assert.deepEqual(await sweep(scratch.path), [left]);
        assert.deepEqual(readdirSync(scratch.path), ['site']);
      });
    });
  } else {
    describe(`${form.name} of the portable engine`, () => {
      it('is unsupported where a directory with content exists, and changes nothing', async () => {
        makeTree(staged(), 'new');
        makeTree(site(), 'old');
        const unsupported = {
          code: 'ERR_INDELIBLE_UNSUPPORTED',
          path: staged(),
          dest: site(),
          published: false,
        };
        await assert.rejects(form.replace(staged(), site()), unsupported);
        assertTree(staged(), 'new');
        assertTree(site(), 'old');
      });

      it('is unsupported where an empty directory is to be kept', async () => {
        makeTree(staged(), 'new');
        mkdirSync(site());
        await assert.rejects(form.replace(staged(), site(), { keepPrevious: scratch.at('kept') }), {
          code: 'ERR_INDELIBLE_UNSUPPORTED',
        });
        assert.deepEqual(readdirSync(site()), []);
      });
    });
  }
}

if (engineUnderTest === 'native') {
  describe('sweep', () => {
    const TRASH = '.indelible-tree-abcdefghijklmnop';

    /** What a crash leaves while a tree is removed. */
    function makeTrash(name = TRASH): string {
      mkdirSync(scratch.at(name), { mode: 0o700 });
      makeTree(scratch.at(name, name), 'old');
      return scratch.at(name, name);
    }

    it('removes an old tree that a crash has left', async () => {
      const old = makeTrash();
      // Only root may remove entries of a directory that is not writable.
      if (isRoot) chmodSync(join(old, 'a'), 0o500);
      mkdirSync(scratch.at('.indelible-tree-234567abcdefghij'), { mode: 0o700 });
      assert.deepEqual(await sweep(scratch.path), ['.indelible-tree-234567abcdefghij', TRASH]);
      assert.deepEqual(readdirSync(scratch.path), []);
    });

    it('leaves alone a tree that was renamed to the name of an old tree', async () => {
      makeTree(scratch.at(TRASH), 'mine');
      makeTree(scratch.at('.indelible-tree-mine'), 'mine');
      makeTree(scratch.at('.indelible-tree-234567abcdefghij'), 'mine');
      chmodSync(scratch.at('.indelible-tree-234567abcdefghij'), 0o700);
      mkdirSync(scratch.at('.indelible-tree-aaaaaaaaaaaaaaaa'));
      chmodSync(scratch.at('.indelible-tree-aaaaaaaaaaaaaaaa'), 0o755);
      symlinkSync('.indelible-tree-aaaaaaaaaaaaaaaa', scratch.at('.indelible-tree-bbbbbbbbbbbbbbbb'));
      const more = makeTrash('.indelible-tree-cccccccccccccccc');
      makeTree(join(more, '..', 'more'), 'mine');
      const before = readdirSync(scratch.path, { recursive: true });
      assert.deepEqual(await sweep(scratch.path), []);
      assert.deepEqual(readdirSync(scratch.path, { recursive: true }), before);
    });

    it.skipIf(!isRoot)("leaves alone another user's trash, into which he may have moved a tree", async () => {
      const old = makeTrash();
      chownSync(join(old, '..'), NOBODY, NOBODY);
      assert.deepEqual(await sweep(scratch.path), []);
      chownSync(join(old, '..'), 0, 0);
      chmodSync(join(old, '..'), 0o770);
      assert.deepEqual(await sweep(scratch.path), []);
      assertTree(old, 'old');
    });

    it.skipIf(!isRoot)('removes nothing that is mounted in an old tree', async (test) => {
      const old = makeTrash();
      makeTree(scratch.at('precious'), 'precious');
      const refused = mounts.mount(join(old, 'empty'), ['--bind', scratch.at('precious')]);
      test.skip(refused !== undefined, refused);
      assert.deepEqual(await sweep(scratch.path), []);
      assertTree(scratch.at('precious'), 'precious');
    });
  });
}
