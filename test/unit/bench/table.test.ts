import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import {
  appendTable,
  baselineTable,
  concurrencyTable,
  noiseTable,
  saveTables,
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
    for (const table of [...saveTables(run, 80), ...saveTables(run, 160)]) {
      assert.deepEqual(
        cells(table).map(([name]) => name),
        ['fast', 'slow', 'middling', 'quick'],
      );
    }
  });

  it('give times in a unit that fits, with three digits', () => {
    const medians = [0.5, 14.24, 999.6, 1100, 22_340, 999_600];
    const [table = ''] = saveTables(runOf(medians.map((median) => contenderNamed('x', median, 'none'))), 160);
    assert.deepEqual(
      cells(table).map((row) => row[2]),
      ['500 ns', '14.2 us', '1.00 ms', '1.10 ms', '22.3 ms', '1.00 s'],
    );
  });

  it("give half the width of the median's confidence interval in percent of the median", () => {
    const result = contenderNamed('x', 100, 'durable');
    result.microseconds.interval = [90, 120];
    const [table = ''] = saveTables(runOf([result]), 160);
    assert.equal(cells(table)[0]?.[3], '15%');
  });

  it('have the number of samples, and no percentile that has too few of them', () => {
    const few = contenderNamed('few', 1, 'durable');
    const result = {
      ...few,
      samples: 37,
      microseconds: { ...few.microseconds, p99: null, p999: null },
    };
    const [table = ''] = saveTables(runOf([result]), 160);
    assert.deepEqual(cells(table)[0]?.slice(0, 8), [
      'few',
      '37',
      '1.00 us',
      '?',
      '1.50 us',
      '-',
      '-',
      '4.00 us',
    ]);
    const points = [{ bytes: 512, atOnce: 1, results: [result, { ...result, samples: 12 }] }];
    const run = runOf([], { baseline: [result], bySize: points, byConcurrency: points });
    assert.equal(cells(baselineTable(run, 80))[0]?.[1], '37');
    for (const [series = ''] of [sizeTable(run, 80), concurrencyTable(run, 80)]) {
      assert.deepEqual(cells(series).at(-1), ['n, at least', '12']);
    }
  });

  it('use a wide terminal: one table of saves, and all sizes in one', () => {
    const results = [contenderNamed('x', 1, 'durable')];
    const bySize = Array.from({ length: 9 }, (_, index) => ({ bytes: 2 ** index, results }));
    const run = runOf(results, { bySize });
    assert.deepEqual([saveTables(run, 80).length, saveTables(run, 160).length], [2, 1]);
    assert.deepEqual([sizeTable(run, 80).length, sizeTable(run, 160).length], [2, 1]);
  });

  for (const width of [80, 160]) {
    it(`fit ${width} columns with the longest names and the largest numbers`, () => {
      const name = 'x'.repeat(17);
      const results = [0.5, 888.8, 8.888e7].map((median) => ({
        ...contenderNamed(name, median, 'ordered'),
        flushes: 123_456,
        samples: 12_345,
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
        appends: results.map((result) => ({ ...result, bytes: 1, atOnce: 1 })),
        noise: [
          {
            part: '256 at once',
            rounds: 100,
            load: 99_999,
            processors: 256,
            used: 255,
            withheld: 1,
            waiting: { cpu: 1, io: 1, memory: 1 },
            disk: { requests: 99_999, bytes: 1023 * 1024 },
            noisy: ['disk'],
          },
        ],
        stages: [
          {
            protocol: 'sync-rename-sync',
            steps: [{ ...resultNamed('', 888_800), name: 'sync-directory' }],
          },
        ],
      });
      const tables = [
        ...appendTable(run, width),
        baselineTable(run, width),
        ...saveTables(run, width),
        ...sizeTable(run, width),
        ...concurrencyTable(run, width),
        ...stageTables(run),
        ...noiseTable(run),
      ];
      for (const line of tables.join('\n').split('\n')) assert.ok(line.length <= width, line);
    });
  }
});
