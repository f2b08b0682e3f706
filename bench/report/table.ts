import { markdownTable } from 'markdown-table';
import type { Durability } from '../../src/base/options.js';
import { byteSize, count, duration, threeDigits } from '../measure/amount.js';
import type { ContenderResult, Percentiles, Result, Run } from '../measure/report.js';
import type { Fleet } from './fleet.js';

const STRONGEST_FIRST: readonly Durability[] = ['durable', 'ordered', 'none'];

/** The sync primitives, as a Markdown table that fits 80 columns. */
export function baselineTable({ baseline }: Run): string {
  return table(
    ['baseline', 'median', '+-', 'p90', 'p99', 'max', 'flush'],
    baseline.map((result) => {
      const { median, p90, p99, maximum } = result.microseconds;
      const tail = [p90, p99, maximum].map(duration);
      return [result.name, duration(median), spread(result.microseconds), ...tail, flushes(result)];
    }),
  );
}

/** The times of single saves. The strongest durability comes first, and the fastest first among equals. */
export function latencyTable(run: Run): string {
  return table(
    [`a save, ${byteSize(run.bytes)}`, ...LATENCY_HEADS],
    inOrder(run).map((result) => [result.name, ...latencies(result)]),
  );
}

/** The rate and the flushes of single saves, and what they guarantee. */
export function costTable(run: Run): string {
  return table(
    ['a save', '/s', 'ratio', 'flush', 'power loss', 'litter', 'if full'],
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

/** The medians of saves by size. */
export function sizeTable({ bySize }: Run): string[] {
  return seriesTables(
    'by size',
    bySize.map(({ bytes, results }) => ({ head: byteSize(bytes), results })),
    ({ microseconds }) => duration(microseconds.median),
  );
}

/** Saves a second by the number of saves at once. */
export function concurrencyTable({ byConcurrency }: Run): string[] {
  return seriesTables(
    'saves/s, at once',
    byConcurrency.map(({ atOnce, results }) => ({ head: String(atOnce), results })),
    ({ perSecond }) => count(perSecond),
  );
}

/** The times of the steps of a save, one table for each protocol. */
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

export const FLEET_HEAD = [
  ...[
    'machine',
    'mount',
    'type',
    'disk',
    'device',
    'run',
    'a save',
    '+-',
    'p99',
    'fdatasync',
    'flush',
    'ratio',
  ],
  'verdict',
];

/** A row for each disk of a fleet, with the times of its newest run. */
export function fleetRows({ disks }: Fleet): string[][] {
  return disks.map(({ machine, mount, filesystem, kind, runs: [newest], ratio, verdicts }) => {
    const { device, save, fdatasync } = newest;
    const times = save && [duration(save.microseconds.median), spread(save.microseconds)];
    return [
      ...[
        machine,
        mount,
        filesystem ?? '?',
        kind,
        device ?? '?',
        newest.date.slice(0, 10),
        ...(times ?? ['-', '-']),
      ],
      ...[save?.microseconds.p99, fdatasync?.microseconds.median].map((time) =>
        time ? duration(time) : '-',
      ),
      save === null ? '-' : flushes(save),
      ratio === null ? '-' : threeDigits(ratio),
      verdicts.map(({ verdict }) => verdict).join(', ') || '-',
    ];
  });
}

export function fleetTable(fleet: Fleet): string {
  const align = FLEET_HEAD.map((_, column) => (column < 6 || column > 11 ? 'l' : 'r'));
  return table(FLEET_HEAD, fleetRows(fleet), align);
}

/** The strongest durability first, and the fastest first among equals. */
export function inOrder({ contenders }: Run): ContenderResult[] {
  const rank = ({ durability }: ContenderResult) => STRONGEST_FIRST.indexOf(durability);
  return contenders.toSorted((a, b) => rank(a) - rank(b) || a.microseconds.median - b.microseconds.median);
}

const LATENCY_HEADS = ['median', '+-', 'p90', 'p99', 'p99.9', 'max'] as const;

function latencies({ microseconds }: Result): string[] {
  const { median, p90, p99, p999, maximum } = microseconds;
  return [duration(median), spread(microseconds), ...[p90, p99, p999, maximum].map(duration)];
}

/** Half the width of the median's confidence interval, in percent of the median. */
function spread({ median, interval }: Percentiles & Pick<Result['microseconds'], 'interval'>): string {
  if (interval === null) return '?';
  const percent = Math.round((50 * (interval[1] - interval[0])) / median);
  return percent > 99 ? '>99%' : `${percent}%`;
}

function flushes({ flushes: found }: Result): string {
  return found === null ? '-' : count(found);
}

/** One column for each size or number at once, in as many tables as that takes. */
function seriesTables(
  title: string,
  points: readonly { head: string; results: Result[] }[],
  cell: (result: Result) => string,
): string[] {
  const names = [...new Set(points.flatMap(({ results }) => results.map(({ name }) => name)))];
  const tables: string[] = [];
  for (let first = 0; first < points.length; first += MOST_COLUMNS) {
    const shown = points.slice(first, first + MOST_COLUMNS);
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

/** In one table: each is at most 7 characters wide, and the names are 17. */
const MOST_COLUMNS = 5;

function table(
  head: readonly string[],
  rows: readonly string[][],
  align: readonly string[] = head.map((_, column) => (column === 0 ? 'l' : 'r')),
): string {
  return markdownTable([[...head], ...rows], { align });
}
