import { describeFilesystem } from '../../src/filesystem/description.js';
import { byteSize, count, duration, threeDigits } from '../measure/amount.js';
import { REFERENCE } from '../measure/baseline.js';
import { DURABLE_SAVE, TEXTBOOK, UNSYNCED } from '../measure/findings.js';
import { stepStart } from '../measure/log-histogram.js';
import type { Finding, Report, Result, Run } from '../measure/report.js';
import {
  type Axis,
  type Bins,
  barChart,
  escapeHtml,
  histogramChart,
  lineChart,
  rangeChart,
  type Series,
} from './chart.js';
import { diskName, type Fleet, fleetFindings } from './fleet.js';
import { reportJson } from './json.js';
import { FLEET_HEAD, fleetRows, inOrder, noiseCells, time } from './table.js';

/**
 * The report as one self-contained page. It has no script and loads nothing.
 *
 * @param earlier reports that it is compared with.
 */
export function reportHtml(report: Report, earlier: readonly Report[] = []): string {
  const { machine, date, indelible } = report;
  const { kernel, node, processors, engine } = machine;
  return page(
    'What a save costs',
    `${report.runs.map(runHtml).join('\n')}
${comparisonHtml(report, earlier)}
<p>${escapeHtml(`${date.slice(0, 10)}, ${kernel}, Node ${node}, ${processors}, indelible ${indelible}, ${engine} engine`)}</p>`,
    report,
  );
}

/** The disks of a fleet as such a page. */
export function fleetHtml(fleet: Fleet): string {
  const { disks } = fleet;
  const kinds = [...new Set(disks.map(({ kind }) => kind))];
  const bad = disks.map(({ verdicts }) => (verdicts.some(({ says }) => says === 'bad') ? 'bad' : ''));
  const changed = disks.filter(({ verdicts }) => verdicts.some(({ verdict }) => verdict === 'changed'));
  return page(
    'The disks of a fleet',
    `${findingList(fleetFindings(fleet))}
${htmlTable(
  [...FLEET_HEAD, 'model'],
  fleetRows(fleet).map((row, index) => [...row, disks[index]?.model ?? '']),
  bad,
)}
<div class="charts">
${kinds
  .map((kind) =>
    rangeChart(
      `A durable save, disk: ${kind}`,
      disks.flatMap((disk) =>
        disk.kind === kind && disk.runs[0].save
          ? [rangeOf({ ...disk.runs[0].save, name: diskName(disk) })]
          : [],
      ),
      timeAxis,
    ),
  )
  .join('\n')}
${lineChart(
  'The median of a durable save on the disks that have changed, by month and day',
  changed.map((disk) => ({
    name: diskName(disk),
    points: disk.runs
      .flatMap((run) =>
        run.save
          ? [
              {
                x: Date.parse(run.date),
                y: run.save.microseconds.median,
                sure: run.save.microseconds.interval ?? undefined,
              },
            ]
          : [],
      )
      .toReversed(),
  })),
  date,
  timeFromZero,
)}
</div>`,
    fleet,
  );
}

function page(title: string, body: string, report: Report | Fleet): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
${body}
<details><summary>The report as JSON</summary><pre>${escapeHtml(reportJson(report))}</pre></details>
</body>
</html>
`;
}

/** A power of ten needs no further digits. */
const timeAxis: Axis = { scale: 'log', label: (value) => duration(value).replace(/\.0+ /, ' ') };
const timeFromZero: Axis = { scale: 'zero', label: timeAxis.label };
const rate: Axis = { scale: 'zero', label: (value) => `${count(value)}/s` };
const date: Axis = { scale: 'even', label: (value) => new Date(value).toISOString().slice(5, 10) };
const logarithmic = (label: Axis['label']): Axis => ({ scale: 'log', label });

function runHtml(run: Run): string {
  return `<section>
<h2>${escapeHtml(run.directory)}</h2>
${findingList(run.findings)}
<div class="charts">
${histogramChart(
  'How often a time was measured',
  [...run.baseline, ...run.appends, ...run.contenders]
    .filter(({ name }) => SHOWN.includes(name))
    .flatMap(binsOf),
  timeAxis,
)}
${rangeChart(`A save of ${byteSize(run.bytes)}, one at a time, and the baseline`, [...run.baseline, ...run.appends, ...inOrder(run)].map(rangeOf), timeAxis)}
${lineChart(
  'Saves a second, by how many at once',
  seriesOf(
    run.byConcurrency,
    ({ atOnce }) => atOnce,
    ({ perSecond }) => perSecond,
    (value, { atOnce }) => (atOnce * 1e6) / value,
  ),
  logarithmic(String),
  rate,
)}
${lineChart(
  'The median of a save, by size',
  seriesOf(
    run.bySize,
    ({ bytes }) => bytes,
    ({ microseconds }) => microseconds.median,
    (value) => value,
  ),
  logarithmic(byteSize),
  timeAxis,
)}
${barChart(
  'The steps of a save',
  run.stages.map(({ protocol, steps }) => ({
    name: protocol,
    parts: steps.map(({ name, microseconds }) => ({ name, value: microseconds.mean })),
  })),
  timeAxis,
)}
</div>
${saveRows(run)}
${baselineRows(run)}
${noiseRows(run)}
${run.failed.map(({ name, error }) => `<p>${escapeHtml(`${name} cannot save here: ${error}`)}</p>`).join('')}
<pre>${escapeHtml(describeFilesystem(run.directory, run.filesystem))}</pre>
</section>`;
}

function findingList(findings: readonly (Omit<Finding, 'about'> & { about?: string })[]): string {
  const items = findings.map(
    ({ about, says, text, heuristic }) =>
      `<li class="${says}${about === 'rate' ? ' answer' : ''}">${escapeHtml(text)}${heuristic ? ' <small>(rule of thumb)</small>' : ''}</li>`,
  );
  return `<ul>${items.join('\n')}</ul>`;
}

/** What the answer is about. */
const SHOWN: readonly string[] = [REFERENCE, DURABLE_SAVE, TEXTBOOK, UNSYNCED];

function binsOf({ name, histogram }: Result): Bins[] {
  if (histogram === undefined) return [];
  const { first, counts } = histogram;
  const bins = counts.map((found, index) => ({
    from: stepStart(first + index),
    to: stepStart(first + index + 1),
    count: found,
  }));
  return [{ name, bins }];
}

/** The reports that were named with `--compare`, and the one that is shown, beside each other. */
function comparisonHtml(report: Report, earlier: readonly Report[]): string {
  if (earlier.length === 0) return '';
  const runs = [...earlier, report].flatMap((one) =>
    one.runs.map((run) => ({ title: `${one.date.slice(0, 16).replace('T', ' ')} ${run.directory}`, run })),
  );
  const found = runs.map(
    ({ run }) => new Map([...run.baseline, ...run.appends, ...run.contenders].map((one) => [one.name, one])),
  );
  const names = [...new Set(found.flatMap((results) => [...results.keys()]))];
  const charts = SHOWN.map((name) =>
    rangeChart(
      name,
      runs.flatMap(({ title }, index) => {
        const result = found[index]?.get(name);
        return result === undefined ? [] : [{ ...rangeOf(result), name: title }];
      }),
      timeAxis,
    ),
  );
  const rows = names.map((name) => [
    name,
    ...found.map((results) => {
      const result = results.get(name);
      if (result === undefined) return '-';
      const { median, interval } = result.microseconds;
      return `${duration(median)} (${interval?.map(duration).join(' to ') ?? '?'})`;
    }),
  ]);
  return `<section><h2>Compared</h2><div class="charts">${charts.join('\n')}</div>${htmlTable(
    ['median (95 % sure)', ...runs.map(({ title }) => title)],
    rows,
  )}</section>`;
}

function noiseRows(run: Run): string {
  const [head = [], ...rows] = noiseCells(run);
  return rows.length === 0 ? '' : htmlTable(head, rows);
}

function rangeOf({ name, microseconds }: Pick<Result, 'name' | 'microseconds'>) {
  const { minimum, median, p90, p99, p999, maximum, interval } = microseconds;
  const marks = [
    { name: 'median', at: median },
    { name: 'p90', at: p90 },
    { name: 'p99', at: p99 },
    { name: 'p99.9', at: p999 },
    { name: 'maximum', at: maximum },
  ];
  return {
    name,
    from: minimum,
    to: maximum,
    sure: interval ?? undefined,
    marks: marks.map(({ name, at }) => ({ name, at: at ?? undefined })),
  };
}

function seriesOf<Point extends { results: Result[] }>(
  points: readonly Point[],
  x: (point: Point) => number,
  y: (result: Result) => number,
  ofMedian: (value: number, point: Point) => number,
): Series[] {
  const names = [...new Set(points.flatMap(({ results }) => results.map(({ name }) => name)))];
  return names.map((name) => ({
    name,
    points: points.flatMap((point) => {
      const result = point.results.find((one) => one.name === name);
      if (result === undefined) return [];
      const [low, high] = (result.microseconds.interval ?? [])
        .map((value) => ofMedian(value, point))
        .toSorted((a, b) => a - b);
      const sure = low === undefined || high === undefined ? undefined : ([low, high] as const);
      return [{ x: x(point), y: y(result), sure }];
    }),
  }));
}

const LATENCIES = ['median', '95 % sure', 'p90', 'p99', 'p99.9', 'max', 'n', 'flushes'];

function baselineRows({ baseline, appends }: Run): string {
  return htmlTable(
    ['baseline, appends', ...LATENCIES],
    [...baseline, ...appends].map((result) => [result.name, ...latencies(result)]),
  );
}

function saveRows(run: Run): string {
  return htmlTable(
    ['a save', ...LATENCIES, 'saves/s', 'ratio', 'power loss', 'litter', 'full disk'],
    inOrder(run).map((result) => [
      result.name,
      ...latencies(result),
      count(result.perSecond),
      threeDigits(result.baselines),
      result.guarantee.powerLoss,
      result.guarantee.litter === null ? '' : `${Math.round(100 * result.guarantee.litter)} %`,
      result.fullDisk ?? '',
    ]),
  );
}

/** A table in a box that scrolls on a narrow page. */
function htmlTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  classes: readonly string[] = [],
): string {
  const cells = (tag: string, row: readonly string[]) =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('');
  const body = rows
    .map((row, index) => `<tr class="${classes[index] ?? ''}">${cells('td', row)}</tr>`)
    .join('\n');
  return `<div class="table"><table><thead><tr>${cells('th', head)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function latencies({ microseconds, samples, flushes }: Result): string[] {
  const { median, interval, p90, p99, p999, maximum } = microseconds;
  return [
    duration(median),
    interval === null ? '?' : interval.map(duration).join(' to '),
    ...[p90, p99, p999, maximum].map(time),
    count(samples),
    flushes === null ? '' : count(flushes),
  ];
}

/** The colours of Okabe and Ito, which are distinct for the colour-blind. Darker on light, lighter on dark. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --faint: #ddd; --soft: #f5f5f5; --good: #00694a; --bad: #b3261e;
--c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b5548f; --c4: #8a6d00; --c5: #3a9ad9; --c6: #7a4a21; --c7: #555; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16181a; --faint: #3a3d40; --soft: #202326; --good: #56d8a8; --bad: #ff8a80;
--c0: #56b4e9; --c1: #ff9a4d; --c2: #2fd3a5; --c3: #f0a0cf; --c4: #f0e442; --c5: #9fc6ff; --c6: #d3a27a; --c7: #bbb; } }
body { margin: 0 auto; padding: 1rem; max-width: 84rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h2 { overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .75rem; background: var(--soft); font-size: .8rem; line-height: 1.4; }
ul { padding-left: 1.2rem; max-width: 48rem; }
.good::marker { color: var(--good); content: '+ '; } .bad::marker { color: var(--bad); content: '! '; }
.answer { font-size: 1.25rem; font-weight: 600; line-height: 1.35; }
.charts { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); }
figure { margin: 0; } figcaption { font-weight: 600; } svg { width: 100%; height: auto; max-width: 32rem; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg polyline { fill: none; stroke-width: 1.8; } svg .dashed { stroke-dasharray: 4 3; }
.grid { stroke: var(--faint); } .range { stroke: var(--faint); stroke-width: 4; } .sure { stroke: var(--c0); stroke-width: 9; opacity: .45; }
${Array.from({ length: 8 }, (_, index) => `circle.c${index}, rect.c${index} { fill: var(--c${index}); } polyline.c${index}, line.c${index} { stroke: var(--c${index}); }`).join('\n')}
.table { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--faint); }
tr.bad { color: var(--bad); }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); }
`;
