import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { ContenderResult, Result, Run } from '../../src/cli/bench/report.js';
import { resultTable } from '../../src/cli/bench/table.js';

function resultNamed(name: string, median: number): Result {
  const microseconds = {
    median,
    mean: median,
    p90: median,
    p99: 2 * median,
    p999: 3 * median,
    maximum: 4 * median,
  };
  return {
    name,
    description: '',
    samples: 10,
    perSecond: 1e6 / median,
    microseconds: { ...microseconds, roundMedians: [median] },
  };
}

function contenderNamed(
  name: string,
  median: number,
  durability: ContenderResult['durability'],
): ContenderResult {
  return { ...resultNamed(name, median), durability, rawFlushes: median / 2 };
}

function runOf(contenders: ContenderResult[]): Run {
  return {
    directory: '/somewhere',
    disk: { filesystem: null, mountPoint: null, source: null, options: null, device: null },
    save: { protocol: 'rename', durability: 'none' },
    bytes: 4096,
    floor: resultNamed('raw flush', 2),
    contenders,
    failed: [],
  };
}

function cells(table: string): string[][] {
  const rows = table.split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('resultTable', () => {
  it('puts the strongest promise first, and the fastest first among equals', () => {
    const table = resultTable(
      runOf([
        contenderNamed('quick', 1, 'none'),
        contenderNamed('slow', 9, 'durable'),
        contenderNamed('middling', 3, 'ordered'),
        contenderNamed('fast', 5, 'durable'),
      ]),
    );
    assert.deepEqual(
      cells(table).map(([name]) => name),
      ['raw flush', 'fast', 'slow', 'middling', 'quick'],
    );
  });

  it('gives times in the unit that fits, with three digits', () => {
    const medians = [0.5, 14.24, 999.6, 1100, 22_340, 999_600];
    const table = resultTable(runOf(medians.map((median) => contenderNamed('x', median, 'none'))));
    assert.deepEqual(
      cells(table)
        .slice(1)
        .map((row) => row[2]),
      ['0.500 us', '14.2 us', '1.00 ms', '1.10 ms', '22.3 ms', '1.00 s'],
    );
  });

  it('fits 80 columns with the longest names and the largest numbers', () => {
    const name = 'x'.repeat(17);
    const table = resultTable(
      runOf([0.5, 888.8, 8.888e7].map((median) => contenderNamed(name, median, 'ordered'))),
    );
    for (const line of table.split('\n')) assert.ok(line.length <= 80, line);
  });
});
