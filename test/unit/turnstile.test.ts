import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { Turnstile } from '../../src/engine/portable/turnstile.js';

describe('a turnstile', () => {
  it('lets no more tasks in at once than it may, and all of them in the end, in order', async () => {
    const turnstile = new Turnstile(3);
    const begun: number[] = [];
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        turnstile.run(async () => {
          begun.push(index);
          inside += 1;
          most = Math.max(most, inside);
          await nextTurn();
          inside -= 1;
        }),
      ),
    );
    assert.equal(most, 3);
    assert.deepEqual(
      begun,
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  it('lets the next one in when a task fails', async () => {
    const turnstile = new Turnstile(1);
    const failing = turnstile.run(() => Promise.reject(new Error('broken')));
    const next = turnstile.run(async () => 'done');
    await assert.rejects(failing, { message: 'broken' });
    assert.equal(await next, 'done');
  });
});
