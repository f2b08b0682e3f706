import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, it } from 'vitest';
import {
  openTemporary,
  openTemporarySync,
  save,
  sweep,
  type TemporaryFile,
  type TemporaryFileOptions,
} from '../../src/index.js';
import { warningsDuring } from '../expected-warnings.js';
import { isInMemory, MEMORY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { opensTemporaries } from './engine-under-test.js';

/** Returns the function that makes the runtime collect its garbage. */
function collector(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(synchronously: boolean): void } };
  if (Bun !== undefined) return () => Bun.gc(true);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

const scratch = new ScratchDirectory();

const forms = [
  {
    name: 'openTemporary',
    open: openTemporary,
    link: (file: TemporaryFile, ...args: Parameters<TemporaryFile['link']>) => file.link(...args),
    replace: (file: TemporaryFile, ...args: Parameters<TemporaryFile['replace']>) => file.replace(...args),
    close: (file: TemporaryFile) => file.close(),
  },
  {
    name: 'openTemporarySync',
    open: async (...args: Parameters<typeof openTemporary>) => openTemporarySync(...args),
    link: async (file: TemporaryFile, ...args: Parameters<TemporaryFile['link']>) => file.linkSync(...args),
    replace: async (file: TemporaryFile, ...args: Parameters<TemporaryFile['replace']>) =>
      file.replaceSync(...args),
    close: async (file: TemporaryFile) => file.closeSync(),
  },
];

const target = () => scratch.at('target');
const contentOf = (path: string) => readFileSync(path, 'utf8');
const isOpen = (fd: number) => existsSync(`/proc/self/fd/${fd}`);

if (opensTemporaries) {
  for (const form of forms) {
    describe(form.name, () => {
      it('opens a file for reading and writing, and leaves nothing when it is closed', async () => {
        const file = await form.open(scratch.path);
        const { fd } = file;
        writeSync(fd, 'content');
        const buffer = Buffer.alloc(7);
        readSync(fd, buffer, 0, 7, 0);
        assert.equal(buffer.toString(), 'content');
        assert.equal(fstatSync(fd).nlink, file.unnamed ? 0 : 1);
        await form.close(file);
        assert.equal(file.fd, -1);
        assert.equal(isOpen(fd), false);
        assert.deepEqual(readdirSync(scratch.path), []);
      });

      it('links the file durably to a free name, and closes it', async () => {
        const file = await form.open(scratch.path);
        const { fd } = file;
        writeSync(fd, 'content');
        const saved = await form.link(file, target());
        assert.equal(contentOf(target()), 'content');
        assert.equal(statSync(target()).nlink, 1);
        assert.deepEqual(readdirSync(scratch.path), ['target']);
        assert.equal(isOpen(fd), false);
        const { path, bytes, replaced, durability } = saved;
        const expected = isInMemory(scratch.path) ? 'none' : 'durable';
        assert.deepEqual([path, bytes, replaced, durability], [target(), 7, false, expected]);
      });

      it('never links over an existing entry, and can then link to another name', async () => {
        writeFileSync(target(), 'old');
        symlinkSync('nowhere', scratch.at('dangling'));
        const file = await form.open(scratch.path);
        writeSync(file.fd, 'new');
        for (const taken of [target(), scratch.at('dangling')]) {
          await assert.rejects(form.link(file, taken), { code: 'EEXIST', path: taken, published: false });
        }
        writeSync(file.fd, 'er');
        await form.link(file, scratch.at('free'));
        assert.equal(contentOf(target()), 'old');
        assert.equal(contentOf(scratch.at('free')), 'newer');
        assert.deepEqual(readdirSync(scratch.path).sort(), ['dangling', 'free', 'target']);
      });

      it('replaces a file, and takes over its mode', async () => {
        writeFileSync(target(), 'old');
        chmodSync(target(), 0o640);
        const file = await form.open(scratch.path);
        writeSync(file.fd, 'new');
        const { replaced } = await form.replace(file, target());
        assert.equal(contentOf(target()), 'new');
        assert.equal(statSync(target()).mode & 0o7777, 0o640);
        assert.equal(replaced, true);
        assert.deepEqual(readdirSync(scratch.path), ['target']);
      });

      it('publishes the file in another directory than the one that it was opened in', async () => {
        mkdirSync(scratch.at('a'));
        mkdirSync(scratch.at('b'));
        const file = await form.open(scratch.at('a'));
        writeSync(file.fd, 'content');
        await form.replace(file, scratch.at('b', 'c', 'target'), { makeDirectories: true });
        assert.equal(contentOf(scratch.at('b', 'c', 'target')), 'content');
        assert.deepEqual(readdirSync(scratch.at('a')), []);
      });

      it('keeps the version that it replaces', async () => {
        writeFileSync(target(), 'old');
        const file = await form.open(scratch.path);
        writeSync(file.fd, 'new');
        await form.replace(file, target(), { keepPrevious: scratch.at('previous') });
        assert.deepEqual([contentOf(target()), contentOf(scratch.at('previous'))], ['new', 'old']);
        assert.deepEqual(readdirSync(scratch.path).sort(), ['previous', 'target']);
      });

      it('gives nobody but its owner a right to the file before it is published', async () => {
        for (const options of [{}, { mode: 0o666 }, { createMode: 0o666 }]) {
          const file = await form.open(scratch.path, options);
          assert.equal(fstatSync(file.fd).mode & 0o777, 0o600);
          await form.close(file);
        }
      });

      it('gives a new file the mode that the umask leaves', async () => {
        const umask = process.umask(0o027);
        try {
          await form.link(await form.open(scratch.path), scratch.at('a'));
          await form.replace(await form.open(scratch.path), scratch.at('b'));
          await form.link(await form.open(scratch.path, { createMode: 0o777 }), scratch.at('c'));
        } finally {
          process.umask(umask);
        }
        const modes = ['a', 'b', 'c'].map((name) => statSync(scratch.at(name)).mode & 0o7777);
        assert.deepEqual(modes, [0o640, 0o640, 0o750]);
        assert.deepEqual(scratch.temporaries(), []);
      });

      it('leaves the file the mode that the caller has set on its descriptor', async () => {
        for (const mode of [0o600, 0o755, 0o400]) {
          const file = await form.open(scratch.path);
          fchmodSync(file.fd, mode);
          await form.link(file, scratch.at(`${mode}`));
          assert.equal(statSync(scratch.at(`${mode}`)).mode & 0o7777, mode);
        }
      });

      it('gives a file the mode of a new file after it failed to replace one of fewer rights', async () => {
        writeFileSync(target(), 'old', { mode: 0o600 });
        const file = await form.open(scratch.path);
        const options = { keepPrevious: target() };
        await assert.rejects(async () => form.replace(file, target(), options), { code: 'EINVAL' });
        await form.link(file, scratch.at('new'), { mode: 0o644 });
        assert.equal(statSync(scratch.at('new')).mode & 0o7777, 0o644);
      });

      it('gives the file the mode of the call, unless it is published with another', async () => {
        const options = { mode: 0o604 };
        await form.link(await form.open(scratch.path, options), scratch.at('a'));
        await form.link(await form.open(scratch.path, options), scratch.at('b'), { mode: 0o600 });
        assert.equal(statSync(scratch.at('a')).mode & 0o7777, 0o604);
        assert.equal(statSync(scratch.at('b')).mode & 0o7777, 0o600);
        const file = await form.open(scratch.path, { mode: 0o640 });
        assert.equal(fstatSync(file.fd).mode & 0o137, 0);
        await form.close(file);
      });

      it('takes a durability when the file is opened, and when it is published', async () => {
        const none = await form.link(await form.open(scratch.path, { durability: 'none' }), scratch.at('a'));
        const ordered = await form.link(await form.open(scratch.path), scratch.at('b'), {
          durability: 'ordered',
        });
        assert.equal(none.durability, 'none');
        const expected = await save(scratch.at('c'), '', { durability: 'ordered' });
        assert.equal(ordered.durability, expected.durability);
      });

      it.skipIf(!existsSync(MEMORY))('refuses with strict what cannot be made durable', async () => {
        const directory = mkdtempSync(join(MEMORY, 'indelible-'));
        try {
          const error = { code: 'ERR_INDELIBLE_NOT_DURABLE', published: false };
          await assert.rejects(form.open(directory, { strict: true }), error);
          const file = await form.open(directory);
          await assert.rejects(form.link(file, join(directory, 'never'), { strict: true }), error);
          await form.close(file);
          assert.deepEqual(readdirSync(directory), []);
        } finally {
          rmSync(directory, { recursive: true });
        }
      });

      it.skipIf(!existsSync(MEMORY) || isInMemory('.'))('never crosses filesystems', async (test) => {
        test.skip(isInMemory(scratch.path), 'no second filesystem');
        const otherDirectory = mkdtempSync(join(MEMORY, 'indelible-'));
        try {
          const file = await form.open(scratch.path);
          for (const publish of [form.link, form.replace]) {
            await assert.rejects(publish(file, join(otherDirectory, 'target')), {
              code: 'EXDEV',
              syscall: 'link',
              published: false,
            });
          }
          assert.deepEqual(readdirSync(otherDirectory), []);
          await form.link(file, target());
        } finally {
          rmSync(otherDirectory, { recursive: true });
        }
      });

      it('refuses to replace a directory, and can then publish to another path', async () => {
        mkdirSync(target());
        const file = await form.open(scratch.path);
        await assert.rejects(form.replace(file, target()), { code: 'EISDIR', published: false });
        await form.replace(file, scratch.at('other'));
        assert.deepEqual(readdirSync(scratch.path).sort(), ['other', 'target']);
      });

      it('refuses to publish a closed file, and may close it again', async () => {
        const closed = { code: 'ERR_INDELIBLE_CLOSED', path: target() };
        const file = await form.open(scratch.path);
        await form.close(file);
        await form.close(file);
        await assert.rejects(form.link(file, target()), closed);
        await assert.rejects(form.replace(file, target()), closed);
        const published = await form.open(scratch.path);
        await form.link(published, target());
        await assert.rejects(form.replace(published, target()), closed);
        await form.close(published);
        assert.deepEqual(readdirSync(scratch.path), ['target']);
      });

      describe('with from', () => {
        const source = () => scratch.at('source');
        // Longer than one chunk, and than a whole number of blocks.
        const content = Buffer.alloc(3_000_001, 'content of the source,');
        const read = ({ fd }: TemporaryFile) => {
          const { size } = fstatSync(fd);
          const all = Buffer.alloc(size);
          assert.equal(readSync(fd, all, 0, size, 0), size);
          return all;
        };

        it('begins with the content of a file, which it leaves alone', async () => {
          writeFileSync(source(), content);
          const file = await form.open(scratch.path, { from: source() });
          assert.ok(read(file).equals(content));
          // At its beginning.
          writeSync(file.fd, 'changed');
          await form.replace(file, target());
          assert.ok(readFileSync(source()).equals(content));
          const changed = Buffer.from(content);
          changed.write('changed');
          assert.ok(readFileSync(target()).equals(changed));
          assert.deepEqual(readdirSync(scratch.path).sort(), ['source', 'target']);
        });

        it('can replace the file that it was copied from', async () => {
          writeFileSync(target(), 'the old content');
          chmodSync(target(), 0o640);
          const file = await form.open(scratch.path, { from: target() });
          writeSync(file.fd, 'new', 4);
          await form.replace(file, target());
          assert.equal(contentOf(target()), 'the new content');
          assert.equal(statSync(target()).mode & 0o7777, 0o640);
        });

        it('copies only the content, for the owner alone', async () => {
          writeFileSync(source(), 'content');
          chmodSync(source(), 0o666);
          const file = await form.open(scratch.path, { from: source() });
          assert.equal(fstatSync(file.fd).mode & 0o066, 0);
          await form.link(file, target(), { createMode: 0o600 });
          assert.equal(statSync(target()).mode & 0o7777, 0o600);
        });

        it('copies an empty file, and one in another form of path through a symbolic link', async () => {
          writeFileSync(source(), '');
          symlinkSync('source', scratch.at('link'));
          const empty = await form.open(scratch.path, { from: Buffer.from(scratch.at('link')) });
          assert.equal(fstatSync(empty.fd).size, 0);
          await form.close(empty);
          writeFileSync(source(), 'content');
          const file = await form.open(scratch.path, { from: pathToFileURL(scratch.at('link')) });
          assert.equal(read(file).toString(), 'content');
          await form.close(file);
        });

        it.skipIf(process.platform !== 'linux')('copies a file whose size is not known before', async () => {
          const file = await form.open(scratch.path, { from: '/proc/self/mountinfo' });
          assert.ok(read(file).length > 0);
          await form.close(file);
        });

        it.skipIf(!existsSync(MEMORY))('copies a file of another filesystem', async () => {
          const directory = mkdtempSync(join(MEMORY, 'indelible-'));
          try {
            writeFileSync(join(directory, 'source'), content);
            const file = await form.open(scratch.path, { from: join(directory, 'source') });
            assert.ok(read(file).equals(content));
            await form.close(file);
          } finally {
            rmSync(directory, { recursive: true });
          }
        });

        it('refuses what is no regular file, and leaves nothing', async () => {
          const missing = scratch.at('missing');
          for (const [from, code] of [
            [scratch.path, 'EISDIR'],
            ['/dev/null', 'ERR_INDELIBLE_NOT_A_FILE'],
            [missing, 'ENOENT'],
          ] as const) {
            await assert.rejects(form.open(scratch.path, { from }), { code, path: from, published: false });
          }
          assert.deepEqual(readdirSync(scratch.path), []);
        });

        it('copies nothing if it is aborted, and leaves nothing', async () => {
          writeFileSync(source(), content);
          const signal = AbortSignal.abort();
          await assert.rejects(form.open(scratch.path, { from: source(), signal }), { name: 'AbortError' });
          assert.deepEqual(readdirSync(scratch.path), ['source']);
        });

        it('is refused by link and replace', async () => {
          const file = await form.open(scratch.path);
          const options = { from: source() } as TemporaryFileOptions;
          for (const publish of [form.link, form.replace]) {
            await assert.rejects(publish(file, target(), options), {
              code: 'ERR_INVALID_ARG_VALUE',
              message: /options\.from.*option of openTemporary/,
            });
          }
          await form.close(file);
          await assert.rejects(form.open(scratch.path, { from: 1 as unknown as string }), {
            code: 'ERR_INVALID_ARG_TYPE',
            message: /options\.from/,
          });
        });
      });

      it('opens a file that a sweep leaves alone', async () => {
        const file = await form.open(scratch.path);
        assert.deepEqual(await sweep(scratch.path), []);
        await form.link(file, target());
        assert.deepEqual(readdirSync(scratch.path), ['target']);
      });

      it('fails where there is no directory', async () => {
        await assert.rejects(form.open(scratch.at('missing')), {
          code: 'ENOENT',
          syscall: 'open',
          path: scratch.at('missing'),
          published: false,
        });
        writeFileSync(scratch.at('file'), '');
        await assert.rejects(form.open(scratch.at('file')), { code: 'ENOTDIR' });
      });

      it('checks its arguments, and names the wrong one', async () => {
        // @ts-expect-error: not a path
        await assert.rejects(form.open(7), { message: /"directory" argument/ });
        // @ts-expect-error: not an object
        await assert.rejects(form.open(scratch.path, 'utf8'), { message: /"options" argument/ });
        const file = await form.open(scratch.path);
        // @ts-expect-error: not a path
        await assert.rejects(form.link(file, null), { message: /"path" argument/ });
        // @ts-expect-error: nothing is replaced
        await assert.rejects(form.link(file, target(), { keepPrevious: 'previous' }), {
          code: 'ERR_INVALID_ARG_VALUE',
        });
        await form.close(file);
      });
    });
  }

  describe('a TemporaryFile', () => {
    it('is published in order with the saves to its path', async () => {
      const files = await Promise.all(Array.from({ length: 4 }, () => openTemporary(scratch.path)));
      const saves = files.flatMap((file, index) => {
        writeSync(file.fd, `file ${index}`);
        return [file.replace(target()), save(target(), `save ${index}`)];
      });
      await Promise.all(saves);
      assert.equal(contentOf(target()), 'save 3');
      assert.deepEqual(readdirSync(scratch.path), ['target']);
    });

    it('is published once, however many calls publish it at once', async () => {
      const file = await openTemporary(scratch.path);
      writeSync(file.fd, 'content');
      const outcomes = await Promise.allSettled([file.link(scratch.at('a')), file.link(scratch.at('b'))]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected'],
      );
      assert.deepEqual(readdirSync(scratch.path), ['a']);
    });

    it('waits in close for a pending publication, and refuses closeSync and linkSync meanwhile', async () => {
      const file = await openTemporary(scratch.path);
      const linking = file.link(target());
      assert.throws(() => file.closeSync(), { code: 'ERR_INDELIBLE_CLOSED' });
      assert.throws(() => file.linkSync(scratch.at('other')), { code: 'ERR_INDELIBLE_CLOSED' });
      await file.close();
      await linking;
      assert.deepEqual(readdirSync(scratch.path), ['target']);
    });

    it('is closed at the end of its block', async () => {
      const fds: number[] = [];
      {
        await using file = await openTemporary(scratch.path);
        using other = openTemporarySync(scratch.path);
        fds.push(file.fd, other.fd);
        assert.ok(fds.every(isOpen));
      }
      assert.ok(!fds.some(isOpen));
      assert.deepEqual(readdirSync(scratch.path), []);
    });

    it('is closed with a warning when it is garbage-collected', async () => {
      const collect = collector();
      const fd = await (async () => (await openTemporary(scratch.path)).fd)();
      const [warning] = await warningsDuring(async (warnings) => {
        while (warnings.length === 0) {
          collect();
          await nextTurn();
        }
      });
      assert.equal(warning?.code, 'ERR_INDELIBLE_NOT_CLOSED');
      assert.equal(isOpen(fd), false);
      assert.deepEqual(readdirSync(scratch.path), []);
    });

    it('can be aborted, and published afterwards', async () => {
      const file = await openTemporary(scratch.path);
      ftruncateSync(file.fd, 3);
      const aborted = AbortSignal.abort();
      await assert.rejects(file.link(target(), { signal: aborted }), { name: 'AbortError' });
      const { bytes } = await file.link(target());
      assert.equal(bytes, 3);
    });
  });
} else {
  describe('openTemporary where it is unsupported', () => {
    for (const form of forms) {
      it(`is unsupported: ${form.name}`, async () => {
        for (const options of [{}, { from: scratch.at('source') }]) {
          await assert.rejects(form.open(scratch.path, options), {
            code: 'ERR_INDELIBLE_UNSUPPORTED',
            path: scratch.path,
            published: false,
          });
        }
        assert.deepEqual(readdirSync(scratch.path), []);
      });
    }
  });
}
