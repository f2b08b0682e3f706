import { diskKind } from '../measure/disk.js';
import type { Report, Result, Run } from '../measure/report.js';
import type { Fleet, FleetDisk } from './fleet.js';

type Labels = Record<string, string | number>;

interface Family {
  name: string;
  help: string;
  samples: { labels: Labels; value: number }[];
}

const QUANTILES = { median: 0.5, p90: 0.9, p99: 0.99, p999: 0.999, maximum: 1 } as const;

/** The report in the text format of OpenMetrics 1.0, for a collector that reads files. Times are in seconds. */
export function reportOpenMetrics(report: Report): string {
  return familiesText([machineInfo(report), ...resultFamilies(report)]);
}

/** The newest runs of the disks of a fleet, in the same format. */
export function fleetOpenMetrics({ disks }: Fleet): string {
  const family = (name: string, help: string, samplesOf: (disk: FleetDisk) => Family['samples']): Family => ({
    name: `indelible_fleet_${name}`,
    help,
    samples: disks.flatMap((disk) => {
      const { machine, mount, filesystem, kind, model, uuid } = disk;
      const own = {
        ...{ machine, mount, type: filesystem ?? '' },
        ...{ disk: kind, model: model ?? '', uuid: uuid ?? '' },
      };
      return samplesOf(disk).map(({ labels, value }) => ({ labels: { ...own, ...labels }, value }));
    }),
  });
  const one = (value: number | null | undefined) => (value == null ? [] : [{ labels: {}, value }]);
  return familiesText([
    family('save_seconds', 'Percentiles of a durable save.', ({ runs: [{ save }] }) => quantiles(save)),
    family('fdatasync_seconds', 'Percentiles of an fdatasync.', ({ runs: [run] }) =>
      quantiles(run.fdatasync),
    ),
    family('flushes', 'Cache flushes for each durable save.', ({ runs: [{ save }] }) => one(save?.flushes)),
    family('ratio', 'Median of a durable save, divided by that of disks of this kind.', ({ ratio }) =>
      one(ratio),
    ),
    family('run_timestamp_seconds', 'Time of the newest run.', ({ runs: [run] }) =>
      one(Date.parse(run.date) / 1000),
    ),
    family('verdict', 'Has a sample for each verdict on a disk.', ({ verdicts }) =>
      verdicts.map(({ verdict }) => ({ labels: { verdict }, value: 1 })),
    ),
  ]);
}

function quantiles(result: Result | null): Family['samples'] {
  if (result === null) return [];
  return Object.entries(QUANTILES).flatMap(([name, quantile]) => {
    const value = result.microseconds[name as keyof typeof QUANTILES];
    return value === null ? [] : [{ labels: { quantile }, value: seconds(value) }];
  });
}

function familiesText(families: readonly Family[]): string {
  return `${families.map(familyText).join('')}# EOF\n`;
}

function machineInfo({ machine, indelible, date }: Report): Family {
  const { name, kernel, node, processors, engine } = machine;
  const labels = { machine: name, version: indelible, date, kernel, node, processors, engine };
  return {
    name: 'indelible_bench_info',
    help: 'Machine and date of the benchmark.',
    samples: [{ labels, value: 1 }],
  };
}

function resultFamilies({ runs }: Report): Family[] {
  const results = runs.flatMap(resultsOf);
  return [
    {
      name: 'indelible_bench_duration_seconds',
      help: 'Percentiles of the time of a run; quantile 1 is the maximum.',
      samples: results.flatMap(({ labels, result }) =>
        quantiles(result).map((sample) => ({ ...sample, labels: { ...labels, ...sample.labels } })),
      ),
    },
    {
      name: 'indelible_bench_rate',
      help: 'Runs, or saves, per second.',
      samples: results.map(({ labels, result }) => ({ labels, value: result.perSecond })),
    },
    {
      name: 'indelible_bench_flushes',
      help: 'Cache flushes that the kernel sent to the disk for each run, or save.',
      samples: results.flatMap(({ labels, result }) =>
        result.flushes === null ? [] : [{ labels, value: result.flushes }],
      ),
    },
  ];
}

function resultsOf(run: Run): { labels: Labels; result: Result }[] {
  const { directory, bytes, filesystem } = run;
  const disk = diskKind(filesystem);
  const labelled = (results: readonly Result[], labels: Labels) =>
    results.map((result) => ({ labels: { directory, disk, ...labels, name: result.name }, result }));
  return [
    ...labelled(run.baseline, { kind: 'baseline', bytes, at_once: 1 }),
    ...run.appends.flatMap((one) =>
      labelled([one], { kind: 'append', bytes: one.bytes, at_once: one.atOnce }),
    ),
    ...labelled(run.contenders, { kind: 'save', bytes, at_once: 1 }),
    ...run.bySize.flatMap((point) =>
      labelled(point.results, { kind: 'size', bytes: point.bytes, at_once: 1 }),
    ),
    ...run.byConcurrency.flatMap((point) =>
      labelled(point.results, { kind: 'concurrency', bytes, at_once: point.atOnce }),
    ),
  ];
}

/** All are gauges. node_exporter's textfile collector refuses a file with the type `info`, which is newer than its parser. */
function familyText({ name, help, samples }: Family): string {
  const head = [
    `# TYPE ${name} gauge`,
    ...(name.endsWith('_seconds') ? [`# UNIT ${name} seconds`] : []),
    `# HELP ${name} ${help}`,
  ];
  const lines = samples.map(({ labels, value }) => `${name}{${labelText(labels)}} ${value}`);
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
