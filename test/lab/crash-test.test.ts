import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { recordingsOfSeed, underPressure } from './crash-test.js';

describe('the recordings of a crash test', () => {
  const pressureOf = (states: number, seeds: readonly number[]) =>
    seeds.flatMap((seed) =>
      Array.from({ length: recordingsOfSeed({ states, seeds }) }, (_, index) =>
        underPressure(index, { seed, seeds }),
      ),
    );

  it('are one without memory pressure and one with it, also where each seed has only one', () => {
    assert.deepEqual(pressureOf(1, [7]), [false, true]);
    assert.deepEqual(pressureOf(65, [1, 2]), [false, true]);
    assert.deepEqual(pressureOf(65, [4, 5, 6]), [false, true, false]);
  });

  it('are more where the states are many', () => {
    assert.deepEqual(pressureOf(250, [1]), [false, true, false]);
  });
});
