import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, it } from 'vitest';
import { createSaveStream, save, saveAll, saveSync } from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const umask = process.umask();

afterEach(() => {
  process.umask(umask);
});

for (const form of forms) {
  describe(`${form.name} with makeDirectories`, () => {
    it('makes every missing parent', async () => {
      await form.save(scratch.at('a', 'b', 'c', 'file'), 'new', { makeDirectories: true });
      assert.equal(readFileSync(scratch.at('a', 'b', 'c', 'file'), 'utf8'), 'new');
    });

    it('gives the directories the mode that the umask leaves', async () => {
      process.umask(0o027);
      await form.save(scratch.at('a', 'b', 'file'), 'new', { makeDirectories: true });
      assert.equal(statSync(scratch.at('a')).mode & 0o7777, 0o750);
      assert.equal(statSync(scratch.at('a', 'b')).mode & 0o7777, 0o750);
    });

    it('does nothing where no parent is missing', async () => {
      mkdirSync(scratch.at('a'));
      await form.save(scratch.at('a', 'file'), 'new', { makeDirectories: true });
      assert.deepEqual(readdirSync(scratch.path), ['a']);
    });

    it('makes the parents of an exclusive save', async () => {
      await form.save(scratch.at('a', 'file'), 'new', { makeDirectories: true, ifExists: 'fail' });
      assert.equal(readFileSync(scratch.at('a', 'file'), 'utf8'), 'new');
    });

    it('takes a path with repeated slashes, dots and `..`', async () => {
      await form.save(`${scratch.path}//a/./b//../c///file`, 'new', { makeDirectories: true });
      assert.equal(readFileSync(scratch.at('a', 'c', 'file'), 'utf8'), 'new');
    });

    it('takes names that are not UTF-8', async () => {
      const directory = Buffer.concat([Buffer.from(`${scratch.path}/`), Buffer.from([0xff, 0xfe])]);
      const path = Buffer.concat([directory, Buffer.from('/file')]);
      await form.save(path, 'new', { makeDirectories: true });
      assert.equal(readFileSync(path, 'utf8'), 'new');
    });

    it('fails where a parent is a file', async () => {
      writeFileSync(scratch.at('a'), 'old');
      await assert.rejects(form.save(scratch.at('a', 'b', 'file'), 'new', { makeDirectories: true }), {
        code: 'ENOTDIR',
        published: false,
      });
      assert.equal(readFileSync(scratch.at('a'), 'utf8'), 'old');
    });

    it('fails where a parent is a dangling link, and makes nothing behind it', async () => {
      symlinkSync('missing', scratch.at('link'));
      await assert.rejects(form.save(scratch.at('link', 'a', 'file'), 'new', { makeDirectories: true }), {
        code: 'ENOENT',
        published: false,
      });
      assert.equal(existsSync(scratch.at('missing')), false);
    });
  });
}

/** As deep as the system takes a path (PATH_MAX, limits.h), with room for the name of a temporary. */
const DEEPEST = (process.platform === 'linux' ? 4096 : 1024) - 64;

describe('a path with hundreds of missing parents', () => {
  // A durable save would sync each of them, which takes long on a disk.
  const options = { makeDirectories: true, durability: 'none' } as const;

  function deepPath(start: string): string {
    return `${start}${'/y'.repeat((DEEPEST - start.length) >> 1)}/f`;
  }

  /** Reads the file and removes it with its parents. Node's own removal of a tree recurses. */
  function take(path: string): string {
    const content = readFileSync(path, 'utf8');
    rmSync(path);
    for (let made = dirname(path); made !== scratch.path; made = dirname(made)) rmdirSync(made);
    return content;
  }

  const calls: Record<string, (path: string) => Promise<unknown>> = {
    save: (path) => save(path, 'new', options),
    saveSync: async (path) => saveSync(path, 'new', options),
    saveAll: (path) => saveAll([{ path, data: 'new' }], options),
    createSaveStream: (path) => pipeline(['new'], createSaveStream(path, options)),
  };

  for (const [name, call] of Object.entries(calls)) {
    it(`is made by ${name}`, async () => {
      const path = deepPath(scratch.at('new'));
      await call(path);
      assert.equal(take(path), 'new');
    });
  }

  it('is made behind a path with dots, `..` and repeated slashes', async () => {
    const start = `${scratch.path}/${'.//new/../'.repeat(50)}new`;
    const path = deepPath(start);
    await save(path, 'new', options);
    assert.equal(take(path.replace(start, scratch.at('new'))), 'new');
  });

  it('is refused behind a file with ENOTDIR', async () => {
    writeFileSync(scratch.at('file'), 'old');
    await assert.rejects(save(deepPath(scratch.at('file')), 'new', options), {
      code: 'ENOTDIR',
      published: false,
    });
  });
});

describe('saves with makeDirectories at once', () => {
  it('share the directories that they make', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        save(scratch.at('a', 'b', `c${index % 4}`, `file${index}`), `${index}`, { makeDirectories: true }),
      ),
    );
    for (let index = 0; index < 40; index += 1) {
      assert.equal(readFileSync(scratch.at('a', 'b', `c${index % 4}`, `file${index}`), 'utf8'), `${index}`);
    }
  });
});
