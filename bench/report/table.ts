import { markdownTable } from 'markdown-table';
import type { Durability } from '../../src/base/options.js';
import { byteSize, count, duration, threeDigits } from '../measure/amount.js';
import type { ContenderResult, Percentiles, Result, Run } from '../measure/report.js';

const STRONGEST_FIRST: readonly Durability[] = ['durable', 'ordered', 'none'];

/** The sync primitives, as a Markdown table that fits 80 columns. */
export function baselineTable({ baseline }: Run): string {
  return table(
    ['the baseline', 'median', '+-', 'p90', 'p99', 'max', 'flush'],
    baseline.map((result) => {
      const { median, p90, p99, maximum } = result.microseconds;
      const tail = [p90, p99, maximum].map(duration);
      return [result.name, duration(median), spread(result.microseconds), ...tail, flushes(result)];
    }),
  );
}

/** What single saves take, those with the strongest promise first and among these the fastest. */
export function latencyTable(run: Run): string {
  return table(
    [`a save, ${byteSize(run.bytes)}`, ...LATENCY_HEADS],
    inOrder(run).map((result) => [result.name, ...latencies(result)]),
  );
}

/** What single saves cost the disk, and what that buys. */
export function costTable(run: Run): string {
  return table(
    ['a save', '/s', 'baselines', 'flush', 'power loss', 'litter', 'if full'],
    inOrder(run).map((result) => [
      result.name,
      count(result.perSecond),
      threeDigits(result.baselines),
      flushes(result),
      result.guarantee.powerLoss,
      result.guarantee.litter === null ? '-' : `${Math.round(100 * result.guarantee.litter)} %`,
      result.fullDisk ?? '-',
    ]),
    ['l', 'r', 'r', 'r', 'l', 'r', 'l'],
  );
}

/** The median of each contender's saves by size; `undefined` if that was not measured. */
export function sizeTable({ bySize }: Run): string[] {
  return seriesTables(
    'by size',
    bySize.map(({ bytes, results }) => ({ head: byteSize(bytes), results })),
    ({ microseconds }) => duration(microseconds.median),
  );
}

/** Saves a second by how many are under way at once. */
export function concurrencyTable({ byConcurrency }: Run): string[] {
  return seriesTables(
    'saves/s, at once',
    byConcurrency.map(({ atOnce, results }) => ({ head: String(atOnce), results })),
    ({ perSecond }) => count(perSecond),
  );
}

/** Where the time of a save goes, protocol by protocol, in steps done by hand. */
export function stageTables({ stages }: Run): string[] {
  return stages.map(({ protocol, steps }) => {
    const total = steps.reduce((sum, { microseconds }) => sum + microseconds.mean, 0);
    return table(
      [protocol, 'median', 'p99', 'of the time'],
      steps.map(({ name, microseconds }) => [
        name,
        duration(microseconds.median),
        duration(microseconds.p99),
        `${Math.round((100 * microseconds.mean) / total)} %`,
      ]),
    );
  });
}

/** Those with the strongest promise first, and the fastest first among equals. */
export function inOrder({ contenders }: Run): ContenderResult[] {
  const rank = ({ durability }: ContenderResult) => STRONGEST_FIRST.indexOf(durability);
  return contenders.toSorted((a, b) => rank(a) - rank(b) || a.microseconds.median - b.microseconds.median);
}

const LATENCY_HEADS = ['median', '+-', 'p90', 'p99', 'p99.9', 'max'] as const;

function latencies({ microseconds }: Result): string[] {
  const { median, p90, p99, p999, maximum } = microseconds;
  return [duration(median), spread(microseconds), ...[p90, p99, p999, maximum].map(duration)];
}

/** Half the width of the median's confidence interval, in percent of it. */
function spread({ median, interval }: Percentiles & Pick<Result['microseconds'], 'interval'>): string {
  if (interval === null) return '?';
  const percent = Math.round((50 * (interval[1] - interval[0])) / median);
  return percent > 99 ? '>99%' : `${percent}%`;
}

function flushes({ flushes: found }: Result): string {
  return found === null ? '-' : count(found);
}

/** Tables of one column a step, as many beside each other as fit. */
function seriesTables(
  title: string,
  steps: readonly { head: string; results: Result[] }[],
  cell: (result: Result) => string,
): string[] {
  const names = [...new Set(steps.flatMap(({ results }) => results.map(({ name }) => name)))];
  const tables: string[] = [];
  for (let first = 0; first < steps.length; first += MOST_COLUMNS) {
    const shown = steps.slice(first, first + MOST_COLUMNS);
    const rows = names.map((name) => [
      name,
      ...shown.map(({ results }) => {
        const result = results.find((one) => one.name === name);
        return result === undefined ? '-' : cell(result);
      }),
    ]);
    tables.push(table([title, ...shown.map(({ head }) => head)], rows));
  }
  return tables;
}

/** Of 7 columns at most, beside a name of 17. */
const MOST_COLUMNS = 5;

function table(
  head: readonly string[],
  rows: readonly string[][],
  align: readonly string[] = head.map((_, column) => (column === 0 ? 'l' : 'r')),
): string {
  return markdownTable([[...head], ...rows], { align });
}
