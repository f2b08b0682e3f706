import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'vitest';
import { Semaphore, type Wait } from '../../src/base/semaphore.js';
import { type WaitLimit, waitWithLimit } from '../../src/base/wait-limit.js';

const EXHAUSTED = new Error('exhausted');

function waitFor(timeout: number, signal?: AbortSignal): Wait {
  const limit: WaitLimit = { timeout, signal, timeoutError: () => EXHAUSTED };
  return (granted, idle) => waitWithLimit(granted, limit, idle);
}

/** A task that runs until `stop` is called. */
function task(): { run: () => Promise<void>; stop: () => void } {
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  return { run: () => stopped, stop };
}

describe('a semaphore', () => {
  it('runs at most as many tasks as it has slots, in the order of the calls', async () => {
    const semaphore = new Semaphore(3);
    const begun: number[] = [];
    let inside = 0;
    let most = 0;
    const run = (number: number) =>
      semaphore.run(async () => {
        begun.push(number);
        inside += 1;
        most = Math.max(most, inside);
        await new Promise(setImmediate);
        inside -= 1;
      });
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    await Promise.all(numbers.map(run));
    assert.deepEqual([most, begun], [3, numbers]);
    assert.equal(semaphore.isIdle, true);
  });

  it('is not idle while a task runs or waits', async () => {
    const semaphore = new Semaphore(1);
    const { run, stop } = task();
    const first = semaphore.run(run);
    const second = semaphore.run(async () => undefined);
    stop();
    await first;
    assert.equal(semaphore.isIdle, false);
    await second;
    assert.equal(semaphore.isIdle, true);
  });

  it('loses no slot when a waiting task gives up', async () => {
    const semaphore = new Semaphore(1);
    const { run, stop } = task();
    const first = semaphore.run(run);
    await assert.rejects(
      semaphore.run(async () => undefined, waitFor(10)),
      EXHAUSTED,
    );
    const controller = new AbortController();
    const aborted = semaphore.run(
      async () => undefined,
      waitFor(Number.POSITIVE_INFINITY, controller.signal),
    );
    const last = semaphore.run(async () => 'last', waitFor(Number.POSITIVE_INFINITY));
    controller.abort();
    await assert.rejects(aborted, { code: 'ABORT_ERR' });
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    stop();
    await first;
    assert.equal(await last, 'last');
  });

  it('loses no slot when a task gives up at the moment it is granted a slot', async () => {
    const semaphore = new Semaphore(1);
    const { run, stop } = task();
    const first = semaphore.run(run);
    const refused = semaphore.run(
      async () => undefined,
      (granted) => granted.then(() => Promise.reject(EXHAUSTED)),
    );
    stop();
    await first;
    await assert.rejects(refused, EXHAUSTED);
    assert.equal(await semaphore.run(async () => 'next'), 'next');
  });

  it('releases the slot when a task fails', async () => {
    const semaphore = new Semaphore(1);
    const failing = semaphore.run(async () => {
      throw EXHAUSTED;
    });
    await assert.rejects(failing, EXHAUSTED);
    assert.equal(await semaphore.run(async () => 'next'), 'next');
  });
});
