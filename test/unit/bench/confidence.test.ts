import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { median, medianInterval, ratios } from '../../../bench/measure/confidence.js';

describe('medianInterval', () => {
  it('is undefined for fewer than six values', () => {
    assert.equal(medianInterval([1, 2, 3, 4, 5]), undefined);
  });

  // Table 1 of Conover, Practical Nonparametric Statistics: the sign test at 5 %, two-sided.
  for (const [count, rank] of [
    [6, 1],
    [8, 1],
    [9, 2],
    [12, 3],
    [20, 6],
    [25, 8],
  ] as const) {
    it(`goes from the ${rank}. smallest to the ${rank}. largest of ${count}`, () => {
      const values = Array.from({ length: count }, (_, index) => index + 1);
      assert.deepEqual(medianInterval(values.toReversed()), [rank, count + 1 - rank]);
    });
  }

  it('contains the median of a sample, and does not depend on the order', () => {
    const sample = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 6 });
    fc.assert(
      fc.property(sample, (values) => {
        const interval = medianInterval(values);
        assert.ok(interval !== undefined);
        assert.ok(interval[0] <= median(values) && median(values) <= interval[1]);
        assert.deepEqual(medianInterval(values.toReversed()), interval);
      }),
    );
  });
});

describe('ratios', () => {
  it('compares round by round, up to the shorter series', () => {
    assert.deepEqual(ratios([1, 4, 9], [2, 2]), [0.5, 2]);
  });
});
