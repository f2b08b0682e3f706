import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Interval } from '../../../bench/measure/confidence.js';
import { changesBetween, changesText } from '../../../bench/report/compare.js';
import { contenderNamed, reportOf, runOf } from './measured.js';

function runWith(median: number, interval: Interval | null) {
  const contender = contenderNamed('save, durable', median, 'durable');
  contender.microseconds.interval = interval;
  return runOf([contender], { baseline: [] });
}

const beyondNoise = (before: Interval | null, now: Interval | null) =>
  changesBetween(reportOf(runWith(100, before)), reportOf(runWith(110, now)))[0]?.changes[0]?.beyondNoise;

describe('the comparison of two reports', () => {
  it('counts a change only if the intervals of the medians are apart', () => {
    assert.equal(beyondNoise([90, 105], [106, 120]), true);
    assert.equal(beyondNoise([106, 120], [90, 105]), true);
    assert.equal(beyondNoise([90, 107], [106, 120]), false);
  });

  it('gives no result after too few rounds', () => {
    assert.equal(beyondNoise(null, [106, 120]), undefined);
  });

  it('compares every run with the only earlier one', () => {
    const now = reportOf(runWith(1, null), runWith(2, null));
    assert.equal(changesBetween(reportOf(runWith(1, null)), now).length, 2);
  });

  it('leaves out results that only one report has', () => {
    const other = runOf([contenderNamed('another', 1, 'none')], { baseline: [] });
    assert.deepEqual(changesBetween(reportOf(runWith(1, null)), reportOf(other))[0]?.changes, []);
  });

  it('fits 80 columns', () => {
    const result = contenderNamed('x'.repeat(17), 888_800, 'durable');
    const run = runOf([result], { byConcurrency: [{ atOnce: 256, results: [result] }] });
    for (const line of changesText(changesBetween(reportOf(run), reportOf(run))).split('\n')) {
      assert.ok(line.length <= 80, line);
    }
  });
});
