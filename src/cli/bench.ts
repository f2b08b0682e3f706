import { writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Contender } from '../../bench/contenders/contender.js';
import { readCrashResults } from '../../bench/measure/guarantee.js';
import { loadContender, loadContenders, resolveFromProject } from '../../bench/measure/load-contenders.js';
import { type BenchPlan, FULL, QUICK, USUAL } from '../../bench/measure/plan.js';
import type { Report } from '../../bench/measure/report.js';
import { benchDirectory } from '../../bench/measure/run.js';
import { changesBetween, changesText } from '../../bench/report/compare.js';
import { reportHtml } from '../../bench/report/html.js';
import { reportOpenMetrics } from '../../bench/report/openmetrics.js';
import { ProgressLine } from '../../bench/report/progress.js';
import { readReport, reportJson } from '../../bench/report/report-file.js';
import { coloured, machineText, type Paint, plain, runText } from '../../bench/report/text.js';
import { selectEngine } from '../engine/select.js';
import { interruptible } from './interruption.js';

const EXPLANATION = `
Works in a directory of its own inside PATH, which it removes, and needs 4 MiB of
free space there (up to 1.7 GiB with --full; what does not fit is left out).

The baseline: each way to sync, alone, on a file that is overwritten in place.
A save: '+-' is the 95 % confidence interval of the median, 'baselines' the median in
fdatasyncs, 'flush' the cache flushes that the kernel has sent for each save.
'power loss' and 'litter' are from the crash lab: what became of resolved saves, and
how often a temporary was left. 'if full': what a full disk does to the old file.
`;

interface BenchOptions {
  quick: boolean;
  full: boolean;
  seconds?: number;
  contender: string[];
  json?: string;
  html?: string;
  compare?: string;
  format: 'text' | 'openmetrics';
  from?: string;
}

/** `indelible bench`: what a save costs on this disk. */
export function addBenchCommand(program: Command, version: string): void {
  program
    .command('bench')
    .summary('measure what a save costs on a disk')
    .description('Measures what it costs to save a file on the disk under each PATH.')
    .argument('[path...]', 'directories to measure in', ['.'])
    .option('--quick', `the baseline and single saves alone, in ${QUICK.seconds} seconds`, false)
    .option('--full', `every size and number at once, in ${FULL.seconds} seconds`, false)
    .option(
      '--seconds <number>',
      `how long to measure in each PATH (default: ${USUAL.seconds})`,
      parseSeconds,
    )
    .option('--contender <module>', 'a way to save of your own, docs/bench.md; may be repeated', collect, [])
    .option('--json <file>', 'write the report as JSON; - is standard output, instead of the tables')
    .option('--html <file>', 'write the report as one page that needs nothing else')
    .option('--compare <report>', 'say what has changed since an earlier --json, beyond noise')
    .addOption(
      new Option('--format <format>', 'of standard output').choices(['text', 'openmetrics']).default('text'),
    )
    .option('--from <report>', 'show an earlier --json instead of measuring')
    .addHelpText('after', EXPLANATION)
    .action((directories: string[], options: BenchOptions) =>
      interruptible((signal) => bench(directories, options, version, signal)),
    );
}

async function bench(
  directories: string[],
  options: BenchOptions,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const { json, html, compare, format, from } = options;
  // Read first: a wrong file is better known before the measuring than after it.
  const before = compare === undefined ? undefined : readReport(compare);
  const show = json === '-' || format !== 'text' ? () => {} : (text: string) => process.stdout.write(text);
  const report =
    from === undefined
      ? await measure(directories, options, newReport(version, planOf(options).seconds), signal, show)
      : showReport(readReport(from), show);
  if (before !== undefined) show(changesText(changesBetween(before, report)));
  if (format === 'openmetrics') process.stdout.write(reportOpenMetrics(report));
  if (html !== undefined) writeFileSync(html, reportHtml(report));
  if (json === '-') process.stdout.write(reportJson(report));
  else if (json !== undefined) writeFileSync(json, reportJson(report));
}

type Show = (text: string) => void;

async function measure(
  directories: string[],
  options: BenchOptions,
  report: Report,
  signal: AbortSignal,
  show: Show,
): Promise<Report> {
  const contenders = await findContenders(options.contender);
  const plan = planOf(options);
  const crashResults = readCrashResults();
  show(`${machineText(report.machine)}\n\n`);
  const progress = new ProgressLine(process.stderr, plan.seconds * directories.length);
  try {
    for (const [index, directory] of directories.entries()) {
      const onTurn = (elapsed: number, name: string) => progress.show(index * plan.seconds + elapsed, name);
      const run = await benchDirectory(directory, contenders, { plan, signal, crashResults, onTurn });
      progress.clear();
      report.runs.push(run);
      show(`${runText(run, paint())}\n`);
    }
  } finally {
    progress.clear();
  }
  return report;
}

function showReport(report: Report, show: Show): Report {
  show(`${machineText(report.machine)}\n\n`);
  for (const run of report.runs) show(`${runText(run, paint())}\n`);
  return report;
}

function paint(): Paint {
  return process.stdout.isTTY && process.stdout.hasColors() ? coloured : plain;
}

async function findContenders(own: readonly string[]): Promise<Contender[]> {
  resolveFromProject(process.cwd());
  const { contenders, missing } = await loadContenders();
  if (missing.length > 0) {
    process.stderr.write(`indelible: not measured, since not installed: ${missing.join(', ')}\n`);
  }
  return [...contenders, ...(await Promise.all(own.map(loadContender)))];
}

function planOf({ quick, full, seconds }: BenchOptions): BenchPlan {
  const plan = full ? FULL : quick ? QUICK : USUAL;
  return seconds === undefined ? plan : { ...plan, seconds };
}

function newReport(version: string, seconds: number): Report {
  const { engine, unavailable } = selectEngine();
  return {
    schema: 'indelible-bench/2',
    indelible: version,
    date: new Date().toISOString(),
    machine: {
      node: process.versions.node,
      kernel: `${type()} ${release()}`,
      processors: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
      engine: unavailable === undefined ? engine.name : `${engine.name} (${unavailable})`,
    },
    seconds,
    runs: [],
  };
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return seconds;
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
