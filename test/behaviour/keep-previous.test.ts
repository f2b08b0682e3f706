import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, it } from 'vitest';
import { createSaveStream, Saver, save, saveAll, saveAllSync, saveSync } from '../../src/index.js';
import { durableIfOrdered } from '../durable-if-ordered.js';
import { isInMemory, isRoot, MEMORY } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { saveAs } from './call-as.js';
import { engineUnderTest } from './engine-under-test.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const mounts = new Mounts();

const file = () => scratch.at('file');
const previous = () => scratch.at('previous');
const contentOf = (path: string) => readFileSync(path, 'utf8');

for (const form of forms) {
  describe(`${form.name} with keepPrevious`, () => {
    it('keeps the replaced version, as the same inode, and nothing else', async () => {
      writeFileSync(file(), 'old');
      const { ino } = statSync(file());
      const saved = await form.save(file(), 'new', { keepPrevious: previous() });
      assert.deepEqual([contentOf(file()), contentOf(previous())], ['new', 'old']);
      assert.equal(statSync(previous()).ino, ino);
      assert.equal(statSync(previous()).nlink, 1);
      assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'previous']);
      assert.equal(saved.replaced, true);
      assert.equal(saved.durability, await durableIfOrdered(scratch.path));
    });

    it('replaces the version that was kept before', async () => {
      writeFileSync(file(), '0');
      for (const version of ['1', '2', '3']) {
        await form.save(file(), version, { keepPrevious: previous() });
      }
      assert.deepEqual([contentOf(file()), contentOf(previous())], ['3', '2']);
      assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'previous']);
    });

    it('leaves the version that was kept before where nothing is replaced', async () => {
      writeFileSync(previous(), 'kept before');
      const { replaced } = await form.save(file(), 'new', { keepPrevious: previous() });
      assert.deepEqual([contentOf(file()), contentOf(previous())], ['new', 'kept before']);
      assert.equal(replaced, false);
      assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'previous']);
    });

    it('makes no previous version of a new file', async () => {
      await form.save(file(), 'new', { keepPrevious: previous() });
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });

    it('works after an interrupted save that only kept the old version', async () => {
      writeFileSync(file(), 'old');
      linkSync(file(), previous());
      await form.save(file(), 'new', { keepPrevious: previous() });
      assert.deepEqual([contentOf(file()), contentOf(previous())], ['new', 'old']);
      assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'previous']);
    });

    it('keeps the old version in another directory, and takes any form of path', async () => {
      mkdirSync(scratch.at('kept'));
      writeFileSync(file(), 'old');
      await form.save(file(), 'new', { keepPrevious: pathToFileURL(scratch.at('kept', 'a')) });
      await form.save(file(), 'newer', { keepPrevious: Buffer.from(scratch.at('kept', 'b')) });
      assert.deepEqual(
        [contentOf(file()), contentOf(scratch.at('kept', 'a')), contentOf(scratch.at('kept', 'b'))],
        ['newer', 'old', 'new'],
      );
      assert.deepEqual(readdirSync(scratch.at('kept')).sort(), ['a', 'b']);
      assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'kept']);
    });

    for (const durability of ['ordered', 'none'] as const) {
      it(`keeps the old version with durability '${durability}'`, async () => {
        writeFileSync(file(), 'old');
        await form.save(file(), 'new', { keepPrevious: previous(), durability });
        assert.deepEqual([contentOf(file()), contentOf(previous())], ['new', 'old']);
      });
    }

    it('keeps the mode of the kept version, and gives it to the new one', async () => {
      writeFileSync(file(), 'old');
      chmodSync(file(), 0o640);
      await form.save(file(), 'new', { keepPrevious: previous() });
      assert.equal(statSync(previous()).mode & 0o7777, 0o640);
      assert.equal(statSync(file()).mode & 0o7777, 0o640);
    });

    it('keeps the target of a followed link, and leaves the link', async () => {
      mkdirSync(scratch.at('real'));
      writeFileSync(scratch.at('real', 'file'), 'old');
      symlinkSync('real/file', scratch.at('link'));
      await form.save(scratch.at('link'), 'new', { keepPrevious: previous() });
      assert.equal(readlinkSync(scratch.at('link')), 'real/file');
      assert.deepEqual([contentOf(scratch.at('link')), contentOf(previous())], ['new', 'old']);
    });

    it('keeps a link that is replaced itself', async () => {
      symlinkSync('nowhere', scratch.at('link'));
      await form.save(scratch.at('link'), 'new', { keepPrevious: previous(), followSymlinks: false });
      assert.equal(contentOf(scratch.at('link')), 'new');
      assert.equal(readlinkSync(previous()), 'nowhere');
      assert.deepEqual(readdirSync(scratch.path).sort(), ['link', 'previous']);
    });

    it('replaces a link at the path of the kept version, and not its target', async () => {
      writeFileSync(file(), 'old');
      writeFileSync(scratch.at('other'), 'other');
      symlinkSync('other', previous());
      await form.save(file(), 'new', { keepPrevious: previous() });
      assert.equal(lstatSync(previous()).isFile(), true);
      assert.deepEqual([contentOf(previous()), contentOf(scratch.at('other'))], ['old', 'other']);
    });

    it('makes the directories of the new file, and may keep the old one there', async () => {
      const deep = scratch.at('a', 'b', 'file');
      const options = { keepPrevious: `${deep}.old`, makeDirectories: true };
      await form.save(deep, '0', options);
      await form.save(deep, '1', options);
      assert.deepEqual([contentOf(deep), contentOf(`${deep}.old`)], ['1', '0']);
    });

    it('refuses to keep the old version at the path itself', async () => {
      writeFileSync(file(), 'old');
      symlinkSync('.', scratch.at('here'));
      symlinkSync('file', scratch.at('link'));
      for (const [path, keepPrevious] of [
        [file(), file()],
        [file(), `${scratch.path}//./file`],
        [file(), scratch.at('here', 'file')],
        [scratch.at('link'), file()],
      ]) {
        await assert.rejects(form.save(path ?? '', 'new', { keepPrevious }), {
          code: 'EINVAL',
          syscall: 'link',
          path,
          dest: keepPrevious,
          published: false,
        });
      }
      assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'here', 'link']);
      assert.equal(contentOf(file()), 'old');
    });

    for (const [what, spoil] of [
      ['a directory', () => mkdirSync(previous())],
      ['a path that ends in a slash', () => undefined],
    ] as const) {
      it(`refuses ${what} with EISDIR`, async () => {
        writeFileSync(file(), 'old');
        spoil();
        const keepPrevious = what === 'a directory' ? previous() : `${previous()}/`;
        await assert.rejects(form.save(file(), 'new', { keepPrevious }), {
          code: 'EISDIR',
          syscall: 'open',
          path: keepPrevious,
          published: false,
        });
        assert.equal(contentOf(file()), 'old');
        assert.deepEqual(scratch.temporaries(), []);
      });
    }

    it('refuses a FIFO', async () => {
      writeFileSync(file(), 'old');
      execFileSync('mkfifo', [previous()]);
      await assert.rejects(form.save(file(), 'new', { keepPrevious: previous() }), {
        code: 'ERR_INDELIBLE_NOT_A_FILE',
        path: previous(),
        published: false,
      });
      assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'previous']);
    });

    it('says which path has no directory', async () => {
      writeFileSync(file(), 'old');
      const keepPrevious = scratch.at('missing', 'previous');
      await assert.rejects(form.save(file(), 'new', { keepPrevious }), {
        code: 'ENOENT',
        syscall: 'open',
        path: keepPrevious,
        published: false,
      });
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });

    it.skipIf(!existsSync(MEMORY) || isInMemory('.'))('refuses another filesystem', async (test) => {
      test.skip(isInMemory(scratch.path), 'no second filesystem');
      writeFileSync(file(), 'old');
      const otherDirectory = mkdtempSync(join(MEMORY, 'indelible-'));
      try {
        const keepPrevious = join(otherDirectory, 'previous');
        await assert.rejects(form.save(file(), 'new', { keepPrevious }), {
          code: 'EXDEV',
          syscall: 'link',
          path: file(),
          dest: keepPrevious,
          published: false,
        });
        assert.deepEqual(readdirSync(otherDirectory), []);
        assert.equal(contentOf(file()), 'old');
        assert.deepEqual(readdirSync(scratch.path), ['file']);
      } finally {
        rmSync(otherDirectory, { recursive: true });
      }
    });

    it.skipIf(!isRoot)('refuses another mount of the same filesystem', async (test) => {
      writeFileSync(file(), 'old');
      mkdirSync(scratch.at('a'));
      mkdirSync(scratch.at('b'));
      const refused = mounts.mount(scratch.at('b'), ['--bind', scratch.at('a')]);
      test.skip(refused !== undefined, refused);
      const keepPrevious = scratch.at('b', 'previous');
      await assert.rejects(form.save(file(), 'new', { keepPrevious }), { code: 'EXDEV', published: false });
      assert.equal(contentOf(file()), 'old');
      assert.deepEqual(readdirSync(scratch.path).sort(), ['a', 'b', 'file']);
    });

    it.skipIf(!isRoot)('keeps what it may not read', async () => {
      writeFileSync(file(), 'old');
      chmodSync(file(), 0o200);
      chownSync(file(), 1234, 1234);
      chmodSync(scratch.path, 0o777);
      const outcome = await saveAs({ uid: 1234, gid: 1234 }, form.name, file(), 'new', {
        keepPrevious: previous(),
      });
      assert.equal(outcome.error, undefined);
      assert.deepEqual([contentOf(file()), contentOf(previous())], ['new', 'old']);
      // Plain `fs` can sync only what it can open.
      const durable = await durableIfOrdered(scratch.path);
      const expected = durable === 'durable' && engineUnderTest === 'portable' ? 'ordered' : durable;
      assert.equal(outcome.saved?.durability, expected);
    });

    it.skipIf(!isRoot)('changes nothing where no second name is allowed', async () => {
      writeFileSync(file(), 'old');
      chmodSync(file(), 0o600);
      chmodSync(scratch.path, 0o777);
      const outcome = await saveAs({ uid: 1234, gid: 1234 }, form.name, file(), 'new', {
        keepPrevious: previous(),
      });
      if (contentOf('/proc/sys/fs/protected_hardlinks') === '0\n') return;
      assert.equal(outcome.error?.code, 'ERR_INDELIBLE_UNSUPPORTED');
      assert.equal(outcome.error?.published, false);
      assert.equal(contentOf(file()), 'old');
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });

    it("is refused with ifExists: 'fail', which replaces nothing", async () => {
      const options = { keepPrevious: previous(), ifExists: 'fail' } as const;
      await assert.rejects(form.save(file(), 'new', options), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /"options.keepPrevious" property/,
      });
      assert.deepEqual(readdirSync(scratch.path), []);
    });

    it('refuses a keepPrevious that is not a path', async () => {
      for (const keepPrevious of [true, 7, {}]) {
        // @ts-expect-error: not a path
        await assert.rejects(form.save(file(), 'new', { keepPrevious }), {
          code: 'ERR_INVALID_ARG_TYPE',
          message: /"options.keepPrevious" property/,
        });
      }
      for (const keepPrevious of ['', 'a\0b']) {
        await assert.rejects(form.save(file(), 'new', { keepPrevious }), { code: 'ERR_INVALID_ARG_VALUE' });
      }
    });
  });
}

describe('keepPrevious', () => {
  it('keeps every version, however many are saved at once', async () => {
    await save(file(), '0');
    const saves = Array.from({ length: 40 }, (_, index) =>
      save(file(), `${index + 1}`, { keepPrevious: scratch.at(`kept-${index}`) }),
    );
    await Promise.all(saves);
    const kept = saves.map((_, index) => contentOf(scratch.at(`kept-${index}`)));
    assert.deepEqual(
      kept,
      saves.map((_, index) => `${index}`),
    );
    assert.equal(contentOf(file()), '40');
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('keeps what the save before has published, even if that save keeps nothing', async () => {
    writeFileSync(file(), '0');
    await Promise.all([
      save(file(), '1'),
      save(file(), '2'),
      save(file(), '3', { keepPrevious: previous() }),
      save(file(), '4'),
      save(file(), '5'),
    ]);
    assert.deepEqual([contentOf(file()), contentOf(previous())], ['5', '2']);
  });

  it('keeps the order if a saveSync comes in between, at any stage of the pending saves', async () => {
    for (let turns = 0; turns < 60; turns += 1) {
      writeFileSync(file(), 'oldest');
      rmSync(previous(), { force: true });
      const pending = [
        save(file(), 'first', { keepPrevious: previous(), durability: 'none' }),
        save(file(), 'second', { keepPrevious: scratch.at('another'), durability: 'none' }),
      ];
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      saveSync(file(), 'last', { keepPrevious: scratch.at('by sync'), durability: 'none' });
      await Promise.all(pending);
      const found = ['file', 'by sync', 'another', 'previous'].map((name) => contentOf(scratch.at(name)));
      assert.deepEqual(found, ['last', 'second', 'first', 'oldest'], `after ${turns} turns`);
      assert.deepEqual(scratch.temporaries(), []);
    }
  });

  it('keeps the order if all saves keep the old version at the same path', async () => {
    for (let turns = 0; turns < 60; turns += 1) {
      writeFileSync(file(), 'oldest');
      const options = { keepPrevious: previous(), durability: 'none' } as const;
      const pending = [save(file(), 'first', options), save(file(), 'second', options)];
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      saveSync(file(), 'last', options);
      assert.deepEqual([contentOf(file()), contentOf(previous())], ['last', 'second']);
      await Promise.all(pending);
      assert.deepEqual(
        [contentOf(file()), contentOf(previous())],
        ['last', 'second'],
        `after ${turns} turns`,
      );
      assert.deepEqual(scratch.temporaries(), []);
    }
  });

  it('always shows a reader the old version at one path or the other', async () => {
    writeFileSync(file(), '0');
    writeFileSync(previous(), '0');
    let over = false;
    const saving = (async () => {
      for (let version = 1; version <= 60; version += 1) {
        await save(file(), `${version}`, { keepPrevious: previous(), durability: 'none' });
      }
    })().finally(() => {
      over = true;
    });
    while (!over) {
      const before = Number(contentOf(file()));
      const kept = Number(contentOf(previous()));
      // The version that was read first may have been replaced meanwhile, even more than once.
      assert.ok(kept >= before - 1, `the file held ${before}, and then ${kept} was kept`);
      await nextTurn();
    }
    await saving;
  });

  it('works with streams and with iterables', async () => {
    writeFileSync(file(), '0');
    const stream = createSaveStream(file(), { keepPrevious: previous() });
    stream.write('from ');
    await save(file(), '1');
    stream.end('a stream');
    await finished(stream);
    assert.deepEqual([contentOf(file()), contentOf(previous())], ['from a stream', '1']);
    await save(file(), ['a', 'b'], { keepPrevious: previous() });
    assert.deepEqual([contentOf(file()), contentOf(previous())], ['ab', 'from a stream']);
    saveSync(file(), ['c', 'd'], { keepPrevious: previous() });
    assert.deepEqual([contentOf(file()), contentOf(previous())], ['cd', 'ab']);
    assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'previous']);
  });

  it('keeps nothing for a stream that is destroyed', async () => {
    writeFileSync(file(), 'old');
    const stream = createSaveStream(file(), { keepPrevious: previous() });
    await new Promise((resolve) => stream.write('never', resolve));
    stream.destroy();
    await finished(stream).catch(() => undefined);
    assert.deepEqual(readdirSync(scratch.path), ['file']);
  });

  it('keeps what a Saver has written, at a path resolved when the Saver was made', async () => {
    writeFileSync(file(), '0');
    const directory = process.cwd();
    process.chdir(scratch.path);
    const saver = new Saver(file(), { keepPrevious: 'previous' });
    process.chdir(directory);
    await saver.save('1');
    await Promise.all([saver.save('2'), saver.save('3'), saver.save('4')]);
    await saver.close();
    assert.equal(contentOf(file()), '4');
    assert.match(contentOf(previous()), /^[123]$/);
  });

  for (const [name, all] of [
    ['saveAll', saveAll],
    ['saveAllSync', async (...args: Parameters<typeof saveAllSync>) => saveAllSync(...args)],
  ] as const) {
    it(`is an option of each file in ${name}`, async () => {
      for (const each of ['a', 'b', 'c']) writeFileSync(scratch.at(each), `old ${each}`);
      const files = ['a', 'b'].map((each) => ({
        path: scratch.at(each),
        data: `new ${each}`,
        keepPrevious: scratch.at(`${each}~`),
      }));
      await all([...files, { path: scratch.at('c'), data: 'new c' }]);
      assert.deepEqual(readdirSync(scratch.path).sort(), ['a', 'a~', 'b', 'b~', 'c']);
      assert.deepEqual(
        ['a~', 'b~'].map((each) => contentOf(scratch.at(each))),
        ['old a', 'old b'],
      );
      // @ts-expect-error: not an option of all of them
      await assert.rejects(async () => all(files, { keepPrevious: previous() }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /"options.keepPrevious" property/,
      });
    });
  }
});

if (engineUnderTest === 'native') {
  describe('keepPrevious with the native engine', () => {
    it('keeps exactly what is replaced, even if another thread replaces it too', async () => {
      writeFileSync(file(), 'first');
      const own = scratch.at('own');
      const stop = new Int32Array(new SharedArrayBuffer(4));
      const worker = new Worker(new URL('../programs/exchange-endlessly.mjs', import.meta.url), {
        workerData: { own, file: file(), stop },
      });
      const ended = once(worker, 'message');
      const saved: string[] = [];
      const kept: string[] = [];
      while (!existsSync(own)) await nextTurn();
      for (let round = 0; round < 1000; round += 1) {
        await save(file(), `save ${round}`, { keepPrevious: previous(), durability: 'none' });
        saved.push(`save ${round}`);
        kept.push(contentOf(previous()));
      }
      Atomics.store(stop, 0, 1);
      const [{ put, got }] = (await ended) as [{ put: string[]; got: string[] }];
      // Every version but the last is replaced once, by a save or by the worker, which then has it.
      assert.deepEqual([...kept, ...got, contentOf(file())].sort(), ['first', ...saved, ...put].sort());
      assert.ok(
        kept.some((version) => version.startsWith('exchange')),
        'the two have met',
      );
      assert.deepEqual(scratch.temporaries(), []);
    });

    it('is not misled if the path of the kept version is another name of the file', async () => {
      writeFileSync(file(), '0');
      await save(file(), '1', { keepPrevious: previous() });
      linkSync(file(), scratch.at('hard link'));
      renameSync(scratch.at('hard link'), previous());
      await save(file(), '2', { keepPrevious: previous() });
      assert.deepEqual([contentOf(file()), contentOf(previous())], ['2', '1']);
      assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'previous']);
    });
  });
}
