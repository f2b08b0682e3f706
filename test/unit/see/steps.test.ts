import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { nextStep, previousStep, stepsOf } from '../../../docs/see-it-work/steps.js';
import { RUN } from './sample.js';

describe('the steps of a recording', () => {
  it('are every call, every write, both ends of every flush and the promise, in order', () => {
    assert.deepEqual(
      stepsOf(RUN).map(({ at, where }) => [at, where]),
      [
        [0, 'program'],
        [20, 'call'],
        [40, 'disk'],
        [46, 'disk'],
        [50, 'disk'],
        [60, 'disk'],
        [61, 'call'],
        [70, 'call'],
        [100, 'disk'],
        [101, 'disk'],
        [120, 'disk'],
        [130, 'program'],
        [140, 'neighbour'],
      ],
    );
  });

  it('leave out the beginning of what began before the recording', () => {
    const flush = { kind: 'flush', start: -20, end: -5, length: 0, covers: 0 } as const;
    const told = stepsOf({ ...RUN, calls: [], requests: [flush] });
    assert.deepEqual(
      told.map(({ at }) => at),
      [-5, 0, 130],
    );
  });

  it('tell of a long call when it begins and when it ends', () => {
    const long = {
      ...RUN,
      calls: [{ ...RUN.calls[1], by: 'saver', duration: 500, start: 5 } as const],
    } as typeof RUN;
    const told = stepsOf({ ...long, end: 1000 }).filter(({ where }) => where === 'call');
    assert.deepEqual(
      told.map(({ at }) => at),
      [5, 505],
    );
  });

  it('are gone through forth and back, and end at both ends', () => {
    const times = [0, 5, 9];
    assert.deepEqual([nextStep(times, -3), nextStep(times, 5), nextStep(times, 9)], [0, 9, undefined]);
    assert.deepEqual(
      [previousStep(times, 0), previousStep(times, 5), previousStep(times, 100)],
      [undefined, 0, 9],
    );
  });
});
