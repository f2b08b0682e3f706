import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'vitest';
import { type Patience, WaitingLine } from '../../src/waiting-line.js';

const EXHAUSTED = new Error('exhausted');

function patience(timeout: number, signal?: AbortSignal): Patience {
  return { timeout, signal, exhausted: () => EXHAUSTED };
}

/** A task that goes on until it is told to stop. */
function task(): { run: () => Promise<void>; stop: () => void } {
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  return { run: () => stopped, stop };
}

describe('a waiting line', () => {
  it('has so many tasks under way and no more, in the order of arrival', async () => {
    const line = new WaitingLine(3);
    const begun: number[] = [];
    let inside = 0;
    let most = 0;
    const run = (number: number) =>
      line.run(patience(Number.POSITIVE_INFINITY), async () => {
        begun.push(number);
        inside += 1;
        most = Math.max(most, inside);
        await new Promise(setImmediate);
        inside -= 1;
      });
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    await Promise.all(numbers.map(run));
    assert.deepEqual([most, begun], [3, numbers]);
    assert.equal(line.empty, true);
  });

  it('is not empty as long as anybody is in it or waits', async () => {
    const line = new WaitingLine(1);
    const { run, stop } = task();
    const first = line.run(patience(1000), run);
    const second = line.run(patience(Number.POSITIVE_INFINITY), async () => undefined);
    stop();
    await first;
    assert.equal(line.empty, false);
    await second;
    assert.equal(line.empty, true);
  });

  it('loses no place when one that waits gives up', async () => {
    const line = new WaitingLine(1);
    const { run, stop } = task();
    const first = line.run(patience(1000), run);
    await assert.rejects(
      line.run(patience(10), async () => undefined),
      EXHAUSTED,
    );
    const controller = new AbortController();
    const aborted = line.run(patience(Number.POSITIVE_INFINITY, controller.signal), async () => undefined);
    const last = line.run(patience(Number.POSITIVE_INFINITY), async () => 'last');
    controller.abort();
    await assert.rejects(aborted, { code: 'ABORT_ERR' });
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    stop();
    await first;
    assert.equal(await last, 'last');
  });

  it('gives a place back when a task fails', async () => {
    const line = new WaitingLine(1);
    const failing = line.run(patience(0), async () => {
      throw EXHAUSTED;
    });
    await assert.rejects(failing, EXHAUSTED);
    assert.equal(await line.run(patience(0), async () => 'next'), 'next');
  });
});
