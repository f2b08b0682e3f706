import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import {
  baselineTable,
  concurrencyTable,
  costTable,
  latencyTable,
  sizeTable,
  stageTables,
} from '../../../bench/report/table.js';
import { contenderNamed, resultNamed, runOf } from './measured.js';

function cells(table: string): string[][] {
  const rows = table.split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the tables of a benchmark', () => {
  it('put the strongest durability first, and the fastest first among equals', () => {
    const run = runOf([
      contenderNamed('quick', 1, 'none'),
      contenderNamed('slow', 9, 'durable'),
      contenderNamed('middling', 3, 'ordered'),
      contenderNamed('fast', 5, 'durable'),
    ]);
    for (const table of [latencyTable(run), costTable(run)]) {
      assert.deepEqual(
        cells(table).map(([name]) => name),
        ['fast', 'slow', 'middling', 'quick'],
      );
    }
  });

  it('give times in a unit that fits, with three digits', () => {
    const medians = [0.5, 14.24, 999.6, 1100, 22_340, 999_600];
    const table = latencyTable(runOf(medians.map((median) => contenderNamed('x', median, 'none'))));
    assert.deepEqual(
      cells(table).map((row) => row[1]),
      ['500 ns', '14.2 us', '1.00 ms', '1.10 ms', '22.3 ms', '1.00 s'],
    );
  });

  it("give half the width of the median's confidence interval in percent of the median", () => {
    const result = contenderNamed('x', 100, 'durable');
    result.microseconds.interval = [90, 120];
    assert.equal(cells(latencyTable(runOf([result])))[0]?.[2], '15%');
  });

  it('fit 80 columns with the longest names and the largest numbers', () => {
    const name = 'x'.repeat(17);
    const results = [0.5, 888.8, 8.888e7].map((median) => ({
      ...contenderNamed(name, median, 'ordered'),
      flushes: 123_456,
      baselines: 123_456,
      fullDisk: 'cut off' as const,
      guarantee: { powerLoss: 'loses saves' as const, litter: 1, states: 1 },
    }));
    for (const { microseconds } of results) microseconds.interval = [1, 1e9];
    const points = Array.from({ length: 9 }, (_, index) => ({
      bytes: 1000 * 1024 ** 2,
      atOnce: 2 ** index,
      results,
    }));
    const run = runOf(results, {
      baseline: results,
      bySize: points,
      byConcurrency: points,
      stages: [
        {
          protocol: 'sync-rename-sync',
          steps: [{ name: 'sync-directory', microseconds: resultNamed('', 888_800).microseconds }],
        },
      ],
    });
    const tables = [
      baselineTable(run),
      latencyTable(run),
      costTable(run),
      ...sizeTable(run),
      ...concurrencyTable(run),
      ...stageTables(run),
    ];
    for (const line of tables.join('\n').split('\n')) assert.ok(line.length <= 80, line);
  });
});
