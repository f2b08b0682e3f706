import { markdownTable } from 'markdown-table';
import type { Durability } from '../../src/base/options.js';
import { byteSize, count, duration, threeDigits } from '../measure/amount.js';
import { summaryOf } from '../measure/noise.js';
import type { ContenderResult, Percentiles, Result, Run } from '../measure/report.js';
import type { Fleet, FleetDisk } from './fleet.js';

const STRONGEST_FIRST: readonly Durability[] = ['durable', 'ordered', 'none'];

/** A column of a table of results. */
interface Column<Row> {
  head: string;
  cell(row: Row): string;
  align?: 'l' | 'r';
  /** Left out where the table does not fit the terminal: the highest number first. */
  spare?: number;
}

const NAME_AND_NUMBER: readonly Column<Result>[] = [
  { head: '', cell: ({ name }) => name, align: 'l' },
  { head: 'n', cell: ({ samples }) => count(samples) },
];
const RATE: Column<Result> = { head: '/s', cell: ({ perSecond }) => count(perSecond) };
const FLUSHES: Column<Result> = { head: 'flush', cell: flushes };
const LATENCIES: readonly Column<Result>[] = [
  { head: 'median', cell: ({ microseconds }) => duration(microseconds.median) },
  { head: '+-', cell: ({ microseconds }) => spread(microseconds) },
  { head: 'p90', cell: ({ microseconds }) => time(microseconds.p90), spare: 1 },
  { head: 'p99', cell: ({ microseconds }) => time(microseconds.p99) },
  { head: 'p99.9', cell: ({ microseconds }) => time(microseconds.p999), spare: 2 },
  { head: 'max', cell: ({ microseconds }) => duration(microseconds.maximum) },
];
const COSTS: readonly Column<ContenderResult>[] = [
  RATE,
  { head: 'ratio', cell: ({ baselines }) => threeDigits(baselines) },
  FLUSHES,
  { head: 'power loss', cell: ({ guarantee }) => guarantee.powerLoss, align: 'l' },
  { head: 'litter', cell: ({ guarantee: { litter } }) => share(litter), spare: 1 },
  { head: 'if full', cell: ({ fullDisk }) => fullDisk ?? '-', align: 'l' },
];

/** The sync primitives, as a Markdown table. */
export function baselineTable({ baseline }: Run, width: number): string {
  return fittingTable('baseline', [...NAME_AND_NUMBER, ...LATENCIES, FLUSHES], baseline, width);
}

/** Appending blocks with fdatasync. The rate is that of blocks. */
export function appendTable({ appends }: Run, width: number): string[] {
  const columns = [...NAME_AND_NUMBER, RATE, ...LATENCIES, { ...FLUSHES, spare: 1 }];
  return appends.length === 0 ? [] : [fittingTable('append, fdatasync', columns, appends, width)];
}

/**
 * Single saves: their times, their rate and flushes, and what they guarantee. In one table if the terminal is wide
 * enough, and in two if not. The strongest durability comes first, and the fastest first among equals.
 */
export function saveTables(run: Run, width: number): string[] {
  const rows = inOrder(run);
  const title = `a save, ${byteSize(run.bytes)}`;
  const whole = columnsTable(title, [...NAME_AND_NUMBER, ...LATENCIES, ...COSTS], rows);
  if (widthOf(whole) <= width) return [whole];
  return [COSTS, LATENCIES].map((columns) =>
    fittingTable(title, [...NAME_AND_NUMBER, ...columns], rows, width),
  );
}

/** The medians of saves by size. */
export function sizeTable(run: Run, width: number): string[] {
  return seriesTables(
    'by size',
    run.bySize.map(({ bytes, results }) => ({
      head: `${byteSize(bytes)}${isNoisy(run, byteSize(bytes)) ? ' !' : ''}`,
      results,
    })),
    ({ microseconds }) => duration(microseconds.median),
    width,
  );
}

/** Saves a second by the number of saves at once. */
export function concurrencyTable(run: Run, width: number): string[] {
  return seriesTables(
    'saves/s, at once',
    run.byConcurrency.map(({ atOnce, results }) => ({
      head: isNoisy(run, `${atOnce} at once`) ? `${atOnce} !` : String(atOnce),
      results,
    })),
    ({ perSecond }) => count(perSecond),
    width,
  );
}

/** What other programs did, in a row for each part of the run. */
export function noiseTable(run: Run): string[] {
  const [head = [], ...rows] = noiseCells(run);
  return rows.length === 0 ? [] : [table(head, rows)];
}

/** The same, cell by cell, with its head. */
export function noiseCells({ noise }: Run): string[][] {
  const parts = [...new Set(noise?.map(({ part }) => part))];
  const rows = parts.flatMap((part) => {
    const found = summaryOf(noise?.filter((one) => one.part === part) ?? []);
    if (found === undefined) return [];
    const { rounds, noisy, load, used, withheld, waiting, disk } = found;
    return [
      [
        part,
        `${noisy}/${rounds}`,
        load === null ? '-' : count(load),
        count(used + withheld),
        share(waiting?.cpu ?? null),
        share(waiting?.io ?? null),
        disk === null ? '-' : count(disk.requests),
        disk === null ? '-' : byteSize(disk.bytes),
      ],
    ];
  });
  const head = ['others', 'noisy', 'load', 'CPUs', 'for CPU', 'for I/O', 'I/O/s', 'amount/s'];
  return [head, ...rows];
}

/** Whether most rounds of a part were noisy. */
function isNoisy({ noise }: Run, part: string): boolean {
  return summaryOf(noise?.filter((one) => one.part === part) ?? [])?.mostly === true;
}

/** The times of the steps of a save, one table for each protocol. */
export function stageTables({ stages }: Run): string[] {
  return stages.map(({ protocol, steps }) => {
    const total = steps.reduce((sum, { microseconds }) => sum + microseconds.mean, 0);
    return table(
      [protocol, 'n', 'median', 'p99', 'of the time'],
      steps.map(({ name, samples, microseconds }) => [
        name,
        count(samples),
        duration(microseconds.median),
        time(microseconds.p99),
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
    'n',
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
      save === null ? '-' : count(save.samples),
      ...[save?.microseconds.p99, fdatasync?.microseconds.median].map((one) => time(one ?? null)),
      save === null ? '-' : flushes(save),
      ratio === null ? '-' : threeDigits(ratio),
      verdicts.map(({ verdict }) => verdict).join(', ') || '-',
    ];
  });
}

/** The most runs of a course that are shown. */
const MOST_RUNS = 20;
const BAR_WIDTH = 12;

/** The runs on one disk, the oldest first. The bars begin at zero. */
export function courseTable({ runs }: FleetDisk): string {
  const shown = runs.slice(0, MOST_RUNS).toReversed();
  const longest = Math.max(...shown.map(({ save }) => save?.microseconds.median ?? 0));
  const rows = shown.map(({ date, save, noise }) => {
    const when = date.slice(0, 16).replace('T', ' ');
    const noisy = noise === null ? '-' : `${noise.noisy}/${noise.rounds}`;
    if (save === null) return [when, '-', '-', '-', '-', noisy, ''];
    const { median, p99 } = save.microseconds;
    const bar = '#'.repeat(Math.max(1, Math.round((BAR_WIDTH * median) / longest)));
    return [when, count(save.samples), duration(median), spread(save.microseconds), time(p99), noisy, bar];
  });
  const head = ['run', 'n', 'a save', '+-', 'p99', 'noisy', ''];
  return table(head, rows, ['l', 'r', 'r', 'r', 'r', 'r', 'l']);
}

export function fleetTable(fleet: Fleet): string {
  const align = FLEET_HEAD.map((_, column) => (column < 6 || column > 12 ? 'l' : 'r'));
  return table(FLEET_HEAD, fleetRows(fleet), align);
}

/** The strongest durability first, and the fastest first among equals. */
export function inOrder({ contenders }: Run): ContenderResult[] {
  const rank = ({ durability }: ContenderResult) => STRONGEST_FIRST.indexOf(durability);
  return contenders.toSorted((a, b) => rank(a) - rank(b) || a.microseconds.median - b.microseconds.median);
}

/** A time, or `-` where there are too few samples for it. */
export function time(microseconds: number | null): string {
  return microseconds === null ? '-' : duration(microseconds);
}

/** A share in percent, or `-` where it is not known. */
function share(part: number | null): string {
  return part === null ? '-' : `${Math.round(100 * part)} %`;
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
  width: number,
): string[] {
  const names = [...new Set(points.flatMap(({ results }) => results.map(({ name }) => name)))];
  const tables: string[] = [];
  const columns = Math.floor((width - NAME_COLUMN) / POINT_COLUMN);
  for (let first = 0; first < points.length; first += columns) {
    const shown = points.slice(first, first + columns);
    const rows = names.map((name) => [
      name,
      ...shown.map(({ results }) => {
        const result = results.find((one) => one.name === name);
        return result === undefined ? '-' : cell(result);
      }),
    ]);
    const fewest = shown.map(({ results }) => count(Math.min(...results.map(({ samples }) => samples))));
    tables.push(table([title, ...shown.map(({ head }) => head)], [...rows, ['n, at least', ...fewest]]));
  }
  return tables;
}

/** The widest column of names, with the borders of the table. */
const NAME_COLUMN = 21;
/** A time of 7 characters, with one border. */
const POINT_COLUMN = 10;

function fittingTable<Row>(
  title: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): string {
  const text = columnsTable(title, columns, rows);
  const spare = Math.max(...columns.map((column) => column.spare ?? 0));
  if (spare === 0 || widthOf(text) <= width) return text;
  return fittingTable(
    title,
    columns.filter((column) => column.spare !== spare),
    rows,
    width,
  );
}

/** @param title the head of the first column. */
function columnsTable<Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return table(
    columns.map(({ head }, index) => (index === 0 ? title : head)),
    rows.map((row) => columns.map(({ cell }) => cell(row))),
    columns.map(({ align = 'r' }) => align),
  );
}

/** The columns that a table takes. */
export function widthOf(text: string): number {
  return text.indexOf('\n');
}

function table(
  head: readonly string[],
  rows: readonly string[][],
  align: readonly string[] = head.map((_, column) => (column === 0 ? 'l' : 'r')),
): string {
  return markdownTable([[...head], ...rows], { align });
}
