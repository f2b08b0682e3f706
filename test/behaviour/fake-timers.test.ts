import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mock } from 'node:test';
import { afterEach, beforeAll, describe, it, vi } from 'vitest';
import {
  createSaveStream,
  replaceSymlink,
  Saver,
  save,
  saveAll,
  saveSync,
  sweep,
  update,
  updateSync,
} from '../../src/index.js';
import { warningsDuring } from '../expected-warnings.js';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { hasMachineLock } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const TEXT = { encoding: 'utf8', lock: 'thread' } as const;

function content(name: string): string {
  return readFileSync(scratch.at(name), 'utf8');
}

/** Fake timers, which nothing advances. */
const kinds: { name: string; install: () => void }[] = [
  {
    name: 'vitest',
    install: () => {
      vi.useFakeTimers({
        now: 0,
        toFake: [
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'setImmediate',
          'clearImmediate',
          'Date',
          'performance',
          'hrtime',
          'queueMicrotask',
        ],
      });
    },
  },
  {
    name: 'node:test',
    install: () =>
      mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: 0 }),
  },
];

// Those of node:test are experimental in some versions of Node.js, which say so once.
beforeAll(() => warningsDuring(() => mock.timers.reset()).then(() => undefined));

afterEach(() => {
  vi.useRealTimers();
  mock.timers.reset();
});

describe.each(kinds)('with the fake timers of $name', ({ install }) => {
  it('saves are made', async () => {
    install();
    await Promise.all([save(scratch.at('a'), 'one'), save(scratch.at('a'), 'two')]);
    saveSync(scratch.at('b'), 'synchronous');
    await save(scratch.at('c'), ['in ', 'chunks']);
    await saveAll([{ path: scratch.at('d'), data: 'of many' }]);
    assert.deepEqual(['a', 'b', 'c', 'd'].map(content), ['two', 'synchronous', 'in chunks', 'of many']);
  });

  it('a stream finishes', async () => {
    install();
    const stream = createSaveStream(scratch.at('file'));
    stream.end('content');
    await once(stream, 'finish');
    assert.equal(content('file'), 'content');
  });

  it('a Saver closes', async () => {
    install();
    const saver = new Saver(scratch.at('file'));
    for (let version = 0; version < 10; version += 1) void saver.save(`version ${version}`);
    await saver.close();
    assert.equal(content('file'), 'version 9');
  });

  it('updates wait for each other', async () => {
    install();
    const append = (text = '') => `${text}.`;
    await Promise.all(Array.from({ length: 5 }, () => update(scratch.at('file'), append, TEXT)));
    updateSync(scratch.at('file'), append, TEXT);
    assert.equal(content('file'), '......');
  });

  it('a wait for another update sets no fake timer, and times out', async () => {
    install();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holder = update(scratch.at('file'), () => held.then(() => 'held'), TEXT);
    const waiting = Promise.allSettled([update(scratch.at('file'), () => 'x', { ...TEXT, timeout: 5 })]);
    if (vi.isFakeTimers()) assert.equal(vi.getTimerCount(), 0);
    const [outcome] = await waiting;
    release();
    await holder;
    assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'ERR_INDELIBLE_LOCKED');
    assert.equal(content('file'), 'held');
  });

  // Without a machine lock nothing waits for other processes.
  if (hasMachineLock) {
    it('a wait for an update of another process ends with that update', async () => {
      const program = startProgram('update-and-hold.mjs', [scratch.at('file'), 'theirs']);
      await once(program.stdout, 'data');
      install();
      const waiting = update(scratch.at('file'), (text = '') => `${text} ours`, 'utf8');
      program.stdin.end();
      await waiting;
      assert.equal((await ended(program)).code, 0);
      assert.equal(content('file'), 'theirs ours');
    });
  }

  it('links are replaced and directories are swept', async () => {
    install();
    writeFileSync(scratch.at('file'), 'content');
    await replaceSymlink('file', scratch.at('link'));
    await replaceSymlink(scratch.at('file'), scratch.at('link'));
    assert.equal(content('link'), 'content');
    assert.deepEqual(await sweep(scratch.path), []);
  });
});
