import type { Report, Result, Run } from '../measure/report.js';

type Labels = Record<string, string | number>;

interface Family {
  name: string;
  type: 'gauge' | 'info';
  unit?: string;
  help: string;
  samples: { labels: Labels; value: number }[];
}

const QUANTILES = { median: 0.5, p90: 0.9, p99: 0.99, p999: 0.999, maximum: 1 } as const;

/** The report in the text format of OpenMetrics 1.0, for a collector that reads files. Times are in seconds. */
export function reportOpenMetrics(report: Report): string {
  const families = [machineInfo(report), ...resultFamilies(report)];
  return `${families.map(familyText).join('')}# EOF\n`;
}

function machineInfo({ machine, indelible, date }: Report): Family {
  const { kernel, node, processors, engine } = machine;
  const labels = { version: indelible, date, kernel, node, processors, engine };
  return {
    name: 'indelible_bench',
    type: 'info',
    help: 'Machine and date of the benchmark.',
    samples: [{ labels, value: 1 }],
  };
}

function resultFamilies({ runs }: Report): Family[] {
  const results = runs.flatMap(resultsOf);
  return [
    {
      name: 'indelible_bench_duration_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'Percentiles of the time of a run; quantile 1 is the maximum.',
      samples: results.flatMap(({ labels, result }) =>
        Object.entries(QUANTILES).map(([name, quantile]) => ({
          labels: { ...labels, quantile },
          value: seconds(result.microseconds[name as keyof typeof QUANTILES]),
        })),
      ),
    },
    {
      name: 'indelible_bench_rate',
      type: 'gauge',
      help: 'Runs, or saves, per second.',
      samples: results.map(({ labels, result }) => ({ labels, value: result.perSecond })),
    },
    {
      name: 'indelible_bench_flushes',
      type: 'gauge',
      help: 'Cache flushes that the kernel sent to the disk for each run, or save.',
      samples: results.flatMap(({ labels, result }) =>
        result.flushes === null ? [] : [{ labels, value: result.flushes }],
      ),
    },
  ];
}

function resultsOf(run: Run): { labels: Labels; result: Result }[] {
  const { directory, bytes } = run;
  const labelled = (results: readonly Result[], labels: Labels) =>
    results.map((result) => ({ labels: { directory, ...labels, name: result.name }, result }));
  return [
    ...labelled(run.baseline, { kind: 'baseline', bytes, at_once: 1 }),
    ...labelled(run.contenders, { kind: 'save', bytes, at_once: 1 }),
    ...run.bySize.flatMap((point) =>
      labelled(point.results, { kind: 'size', bytes: point.bytes, at_once: 1 }),
    ),
    ...run.byConcurrency.flatMap((point) =>
      labelled(point.results, { kind: 'concurrency', bytes, at_once: point.atOnce }),
    ),
  ];
}

function familyText({ name, type, unit, help, samples }: Family): string {
  const head = [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${help}`,
  ];
  const suffix = type === 'info' ? '_info' : '';
  const lines = samples.map(({ labels, value }) => `${name}${suffix}{${labelText(labels)}} ${value}`);
  return `${[...head, ...lines].join('\n')}\n`;
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(String(value))}"`)
    .join(',');
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n');
}

/** To four digits, as the report has them. */
function seconds(microseconds: number): number {
  return Number((microseconds / 1e6).toPrecision(4));
}
