import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { thisMachine } from '../../src/filesystem/machine.js';
import { type SaveEnded, save, saveSync } from '../../src/index.js';
import { MEMORY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';

const NONE = { durability: 'none' } as const;

describe.skipIf(process.platform !== 'linux')('saves to memory', () => {
  const scratch = new ScratchDirectory(() => MEMORY);

  // Before Linux 5.12 no path can be opened without the risk of waiting.
  const atOnce = engineUnderTest === 'native' && thisMachine.isLinux(5, 12);

  /** For how long each of these saves, which are called together, has waited for a thread. */
  async function waits(paths: readonly string[]): Promise<number[]> {
    const waited = new Map<string, number>();
    const ended = (message: unknown) => {
      const { path, times } = message as SaveEnded;
      waited.set(`${path}`, times.queue);
    };
    subscribe('indelible:save:end', ended);
    try {
      const saved = paths.map((path) => save(path, 'second'));
      const found = paths.map((path) => readFileSync(path, 'utf8'));
      await Promise.all(saved);
      return paths.map((path, index) => {
        const time = waited.get(path);
        assert.ok(time !== undefined);
        if (time === 0) assert.equal(found[index], 'second');
        return time;
      });
    } finally {
      unsubscribe('indelible:save:end', ended);
    }
  }

  /** A busy machine may be taken for a filesystem that takes long, and the kernel may find a path changed. */
  async function eventually(attempt: (directory: string) => Promise<boolean>): Promise<void> {
    for (let attempts = 0; attempts < 200; attempts += 1) {
      const directory = scratch.at(`${attempts}`);
      mkdirSync(directory);
      if (await attempt(directory)) return;
      await sleep(1);
    }
    assert.fail('no attempt has succeeded');
  }

  if (atOnce) {
    it.each([
      ['save', save],
      ['saveSync', saveSync],
    ])('are made by the call itself, once %s has found the directory', (_, first) =>
      eventually(async (directory) => {
        await first(join(directory, 'file'), 'first');
        return (await waits([join(directory, 'file')]))[0] === 0;
      }),
    );

    it('are shared with threads when many are called together', () =>
      eventually(async (directory) => {
        const paths = Array.from({ length: 12 }, (_, index) => join(directory, `${index}`));
        for (const path of paths) saveSync(path, 'first');
        const times = await waits(paths);
        assert.ok(times.slice(4).some((time) => time > 0));
        return times.slice(0, 4).every((time) => time === 0);
      }));
  }

  it('let timers run while each waits for the one before', async () => {
    const path = scratch.at('file');
    let saves = 0;
    let timers = 0;
    const timer = setInterval(() => {
      timers += 1;
    }, 1);
    try {
      for (; timers < 5; saves += 1) {
        assert.ok(saves < 1e6, 'no timer has run');
        await save(path, `${saves}`, NONE);
      }
    } finally {
      clearInterval(timer);
    }
    assert.equal(readFileSync(path, 'utf8'), `${saves - 1}`);
  });

  it('are published in the order of the calls, whatever their sizes', async () => {
    const path = scratch.at('file');
    await save(path, 'first');
    const seen: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const large = save(path, Buffer.alloc(1 << 20, 'x')).then(() => seen.push(0));
      const small = save(path, 'small').then(() => seen.push(1));
      await Promise.all([large, small]);
      assert.equal(readFileSync(path, 'utf8'), 'small');
    }
    assert.equal(seen.length, 40);
  });

  it('can be aborted in the turn of the call', async () => {
    const path = scratch.at('file');
    await save(path, 'first');
    let aborted = 0;
    // A thread of the pool may publish it before the abort.
    for (let attempt = 0; aborted === 0 && attempt < 200; attempt += 1) {
      const aborts = new AbortController();
      const saved = save(path, 'second', { signal: aborts.signal });
      aborts.abort();
      await saved.catch((error: NodeJS.ErrnoException) => {
        assert.equal(error.name, 'AbortError');
        aborted += 1;
      });
    }
    assert.equal(aborted, 1);
  });
});
