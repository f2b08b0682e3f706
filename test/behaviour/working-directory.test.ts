import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, it } from 'vitest';
import {
  createSaveStream,
  inspect,
  replaceSymlink,
  type SaveOptions,
  save,
  saveAll,
  saveAllSync,
  saveSync,
  sweep,
  update,
} from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest, hasMachineLock } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const start = process.cwd();

/** A level of the deep directory. */
const LEVEL = 'd'.repeat(200);
const LEVELS = 25;

/** Calls that save `new` to a relative path. */
const calls: Record<string, (path: string, options?: SaveOptions) => Promise<unknown>> = {
  save: (path, options) => save(path, 'new', options),
  saveSync: async (path, options) => saveSync(path, 'new', options),
  saveAll: (path, options) => saveAll([{ path, data: 'new' }], options),
  saveAllSync: async (path, options) => saveAllSync([{ path, data: 'new' }], options),
  createSaveStream: (path, options) => pipeline(['new'], createSaveStream(path, options)),
  update: (path, options) =>
    update(path, () => 'new', { ...options, ...(!hasMachineLock && { lock: 'thread' }) }),
};

describe.skipIf(process.platform === 'win32')('a working directory deeper than the longest path', () => {
  let entered = 0;

  function enterDeepDirectory(): void {
    process.chdir(scratch.path);
    for (entered = 0; entered < LEVELS; entered += 1) {
      mkdirSync(LEVEL);
      process.chdir(LEVEL);
    }
  }

  // By steps, since no path leads there.
  afterEach(() => {
    rmSync('file', { force: true });
    for (; entered > 0; entered -= 1) {
      process.chdir('..');
      rmdirSync(LEVEL);
    }
    process.chdir(start);
  });

  for (const [name, call] of Object.entries(calls)) {
    it(`does not hinder ${name} with a relative path`, async () => {
      enterDeepDirectory();
      for (const old of [undefined, 'old']) {
        if (old !== undefined) writeFileSync('file', old);
        await call('file');
        assert.equal(readFileSync('file', 'utf8'), 'new');
      }
    });

    it(`does not hinder ${name} with directories to make`, async () => {
      enterDeepDirectory();
      await call('a/b/file', { makeDirectories: true });
      assert.equal(readFileSync('a/b/file', 'utf8'), 'new');
      rmSync('a/b/file');
      for (const made of ['a/b', 'a']) rmdirSync(made);
    });
  }

  it('does not hinder the calls on names', async () => {
    enterDeepDirectory();
    await replaceSymlink('target', 'file');
    assert.deepEqual(await sweep('.'), []);
    assert.ok((await inspect('.')).protocol.durable);
  });

  it('keeps the old version beside the new one', async () => {
    enterDeepDirectory();
    writeFileSync('file', 'old');
    await save('file', 'new', { keepPrevious: 'previous' });
    assert.equal(readFileSync('previous', 'utf8'), 'old');
    rmSync('previous');
  });

  it('refuses a path that is too long even if it is relative', async () => {
    enterDeepDirectory();
    for (const call of Object.values(calls).slice(0, 2)) {
      await assert.rejects(call(`${'a/'.repeat(3000)}file`), { code: 'ENAMETOOLONG', published: false });
    }
  });

  if (engineUnderTest === 'native') {
    it('is that of the call with the native engine, not a later one', async () => {
      enterDeepDirectory();
      const pending = [save('file', 'new'), save('a/file', 'new', { makeDirectories: true })];
      process.chdir('..');
      await Promise.all(pending);
      process.chdir(LEVEL);
      assert.equal(readFileSync('file', 'utf8'), 'new');
      rmSync('a/file');
      rmdirSync('a');
    });
  }
});

describe.skipIf(process.platform === 'win32')('a working directory whose path is almost too long', () => {
  it('does not hinder a save with a relative path', async () => {
    let path = scratch.path;
    const longest = (process.platform === 'linux' ? 4096 : 1024) - 2;
    for (; path.length + 1 < longest; mkdirSync(path)) {
      path += `/${'d'.repeat(Math.min(200, longest - path.length - 1))}`;
    }
    process.chdir(path);
    try {
      await save('a long name', 'new');
      assert.equal(readFileSync('a long name', 'utf8'), 'new');
    } finally {
      rmSync('a long name', { force: true });
      process.chdir(start);
    }
  });
});

describe.skipIf(process.platform === 'win32')('a working directory that was removed', () => {
  afterEach(() => {
    process.chdir(start);
  });

  for (const [name, call] of Object.entries(calls)) {
    it(`fails ${name} with the error of fs`, async () => {
      mkdirSync(scratch.at('gone'));
      process.chdir(scratch.at('gone'));
      rmdirSync(scratch.at('gone'));
      await assert.rejects(call('file'), (error: NodeJS.ErrnoException & { errors?: unknown[] }) => {
        const [{ code, syscall, path, published }] = (error.errors ?? [error]) as [Record<string, unknown>];
        assert.deepEqual([code, syscall, path, published], ['ENOENT', 'open', 'file', false]);
        return true;
      });
    });
  }
});
