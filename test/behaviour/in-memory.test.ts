import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { thisMachine } from '../../src/filesystem/machine.js';
import { save } from '../../src/index.js';
import { MEMORY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';

const NONE = { durability: 'none' } as const;

describe.skipIf(process.platform !== 'linux')('saves to memory', () => {
  const scratch = new ScratchDirectory(() => MEMORY);

  // Before Linux 5.12 no path can be opened without the risk of waiting.
  const atOnce = engineUnderTest === 'native' && thisMachine.isLinux(5, 12);

  if (atOnce) {
    it('are published when the call returns, once the directory is known', async () => {
      const path = scratch.at('file');
      await save(path, 'first');
      let published = 0;
      // A busy machine may be taken for a filesystem that takes long, and the kernel may find a path changed.
      for (let attempt = 0; published === 0 && attempt < 200; attempt += 1) {
        const saved = save(path, `${attempt}`);
        if (readFileSync(path, 'utf8') === `${attempt}`) published += 1;
        assert.equal((await saved).replaced, true);
        await sleep(1);
      }
      assert.ok(published > 0);
    });
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
