import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Contender } from '../../bench/contenders/contender.js';
import { duration } from '../../bench/measure/amount.js';
import { type Appending, appendingOf, LONGEST_LOG } from '../../bench/measure/append.js';
import { FEWEST_ROUNDS } from '../../bench/measure/confidence.js';
import { readCrashResults } from '../../bench/measure/guarantee.js';
import { loadContender, loadContenders, resolveFromProject } from '../../bench/measure/load-contenders.js';
import { summaryOf } from '../../bench/measure/noise.js';
import { type BenchPlan, FULL, QUICK, USUAL } from '../../bench/measure/plan.js';
import { type Report, thisMachine } from '../../bench/measure/report.js';
import { benchDirectory } from '../../bench/measure/run.js';
import { changesBetween, changesText, type Judgement, judgementOf } from '../../bench/report/compare.js';
import { fleetOf } from '../../bench/report/fleet.js';
import { coursesOf, keepReport, readHistory, reportFiles } from '../../bench/report/history.js';
import { fleetHtml, reportHtml } from '../../bench/report/html.js';
import { parseReports, readReport, reportJson } from '../../bench/report/json.js';
import { fleetOpenMetrics, reportOpenMetrics } from '../../bench/report/openmetrics.js';
import { ProgressLine } from '../../bench/report/progress.js';
import {
  coloured,
  courseText,
  fleetText,
  machineText,
  type Paint,
  plain,
  runText,
} from '../../bench/report/text.js';
import { selectEngine } from '../engine/select.js';
import { checkDirectories, checkOutputs, contradictionIn } from './bench-checks.js';
import { firstLine, noteMissingAddon } from './engine-note.js';
import { interruptible } from './interruption.js';
import { BROKEN, checkAfterPowerCut, writeUntilPowerCut } from './power-cut.js';

/** For `--append`. */
const MOST_FILES = 256;

/** The exit status of a run that says too little for what was asked: mostly noise, or too few rounds. */
const NOT_KNOWN = 3;
/** The exit status of a run that is slower than the one that it was compared with, if that was asked for. */
const SLOWER = 4;

const EXPLANATION = `
Works in a directory of its own inside PATH and removes it at the end. Needs
4 MiB of free space there, up to 1.7 GiB with --full. What does not fit is left
out.

The tables:
  baseline    each way to sync, alone, on a file that is overwritten in place
  append      blocks of a log
  n           the number of samples; p90 needs 10, p99 100, p99.9 1,000
  +-          half the 95 % confidence interval of the median, in percent
  ratio       the median, divided by the median of fdatasync in the baseline
  flush       the cache flushes that the kernel sent to the disk for each save
  power loss  the state of resolved saves after power failures in the crash lab
  others      what other programs did; ! marks noise
  litter      how often a temporary file was left after these power failures
  if full     the effect of a full disk on the old file

Exit status: 0 every PATH is measured, 1 a PATH or a file cannot be used, 2 wrong
usage, ${NOT_KNOWN} too noisy (--require-quiet) or too short (--fail-if) to judge, ${SLOWER} slower
(--fail-if), ${BROKEN} lost (--power-cut-check), 128 + n stopped by signal n.
`;

interface BenchOptions {
  quick?: boolean;
  full?: boolean;
  seconds?: number;
  contender?: string[];
  append?: Appending[];
  json?: string;
  html?: string;
  compare?: string[];
  format: 'text' | 'openmetrics';
  from?: string;
  machine?: string;
  collect?: boolean;
  requireQuiet?: boolean;
  /** In percent. */
  failIf?: number;
  history?: string;
  powerCut?: boolean;
  powerCutCheck?: string;
}

/** `indelible bench`: measures the cost of a save on a disk. */
export function addBenchCommand(program: Command, version: string): void {
  program
    .command('bench')
    .summary('measure the cost of a save on a disk')
    .description('Measures the cost of saving a file on the disk under each PATH.')
    .argument('[path...]', 'directories to measure in; the reports for --collect', ['.'])
    .option(
      '--quick',
      `only the baseline, single saves and durable ones at once, in ${QUICK.seconds} seconds`,
    )
    .option('--full', `all implementations, sizes and numbers at once, in ${FULL.seconds} seconds`)
    .option(
      '--seconds <number>',
      `how long to measure under each PATH (default: ${USUAL.seconds})`,
      parseSeconds,
    )
    .option(
      '--contender <module>',
      'also measure your own implementation, see docs/bench.md; may be repeated',
      collect,
    )
    .option(
      '--append <bytes[xfiles]>',
      'also append such blocks to so many files at once; may be repeated',
      parseAppending,
    )
    .option('--json <file>', 'write the report as JSON; - prints it instead of the tables')
    .option('--html <file>', 'write the report as one self-contained page')
    .option(
      '--compare <report>',
      'print the changes since an earlier --json report; may be repeated',
      collect,
    )
    .option(
      '--fail-if <condition>',
      `slower:20%: fail with status ${SLOWER} if that much slower than --compare, beyond noise`,
      parseCondition,
    )
    .option('--history <directory>', 'keep the report there and show the course of the disk')
    .option('--require-quiet', `fail with status ${NOT_KNOWN} if most rounds were noisy`)
    .addOption(
      new Option('--format <format>', 'format of standard output')
        .choices(['text', 'openmetrics'])
        .default('text'),
    )
    .option('--from <report>', 'show an earlier --json report instead of measuring')
    .option('--power-cut', 'save numbered records until the power is cut; another machine keeps the output')
    .option('--power-cut-check <file>', 'say what of that output is lost')
    .option('--machine <name>', 'name of the machine in the report (default: its host name)')
    .addOption(
      new Option(
        '--collect',
        'compare the disks of many --json reports: each PATH is a report, a directory with reports, or - for standard input',
      ).conflicts([
        'quick',
        'full',
        'seconds',
        'contender',
        'append',
        'compare',
        'from',
        'machine',
        'requireQuiet',
        'failIf',
        'history',
      ]),
    )
    .addHelpText('after', EXPLANATION)
    .action(async (directories: string[], options: BenchOptions, command: Command) => {
      const contradiction = contradictionIn(options, command.args.length);
      if (contradiction !== undefined) command.error(`error: ${contradiction}`);
      checkOutputs(options);
      const { powerCut, powerCutCheck } = options;
      if (powerCut || powerCutCheck !== undefined) {
        const [directory = ''] = directories;
        if (powerCutCheck !== undefined) return reportPowerCut(directory, powerCutCheck);
        checkDirectories(directories);
        const acknowledge = (line: string) => process.stdout.write(line);
        return interruptible((signal) => writeUntilPowerCut(directory, acknowledge, signal));
      }
      if (options.collect) return collectReports(directories, options);
      if (options.from === undefined) checkDirectories(directories);
      return interruptible((signal) => bench(directories, options, version, signal));
    });
}

async function bench(
  directories: string[],
  options: BenchOptions,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const { json, compare, format, from, machine, requireQuiet, failIf, history } = options;
  // Read first, so that a wrong file is reported before the measurement.
  const before = (compare ?? []).map(readReport);
  const earlier = history === undefined ? [] : readHistory(history);
  const show = json === '-' || format !== 'text' ? () => {} : (text: string) => process.stdout.write(text);
  const report =
    from === undefined
      ? await measure(directories, options, newReport(version, planOf(options).seconds), signal, show)
      : showReport(readReport(from), show);
  if (machine !== undefined) report.machine.name = machine;
  if (history !== undefined) {
    await keepReport(history, report);
    for (const disk of coursesOf(earlier, report)) show(`\n${courseText(disk, paint())}`);
  }
  for (const one of before) {
    const changes = changesBetween(one, report);
    show(`\n${changesText(changes)}`);
    if (failIf !== undefined) reportJudgement(judgementOf(changes, failIf), failIf);
  }
  if (requireQuiet) reportNoise(report);
  write(options, {
    openmetrics: () => reportOpenMetrics(report),
    html: () => reportHtml(report, before),
    json: () => reportJson(report),
  });
}

function reportJudgement({ slower, unknown }: Judgement, percent: number): void {
  for (const { what, before, now } of slower) {
    process.stderr.write(
      `indelible: ${what} takes ${duration(now)}, and took ${duration(before)}: slower by ${percent} % or more, beyond noise\n`,
    );
  }
  for (const what of new Set(unknown)) {
    process.stderr.write(
      `indelible: ${what} cannot be judged: a report lacks it, or has fewer than ${FEWEST_ROUNDS} rounds\n`,
    );
  }
  if (slower.length > 0) process.exitCode = SLOWER;
  else if (unknown.length > 0) process.exitCode = NOT_KNOWN;
}

async function reportPowerCut(directory: string, file: string): Promise<void> {
  const acknowledged = file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8');
  const { text: found, broken } = checkAfterPowerCut(directory, acknowledged);
  process.stdout.write(found);
  if (broken) process.exitCode = BROKEN;
}

function reportNoise({ runs }: Report): void {
  for (const { directory, noise } of runs) {
    const summary = summaryOf(noise ?? []);
    if (summary?.mostly === false) continue;
    const why =
      summary === undefined
        ? 'what other programs did is not known'
        : `${summary.noisy} of ${summary.rounds} rounds were noisy`;
    process.stderr.write(`indelible: '${directory}' was not measured in quiet: ${why}\n`);
    process.exitCode = NOT_KNOWN;
  }
}

/** `--collect`: what the reports of many machines say beside each other. */
async function collectReports(paths: readonly string[], options: BenchOptions): Promise<void> {
  const texts: [text: string, name: string][] = [];
  for (const path of paths) {
    if (path === '-') texts.push([await text(process.stdin), 'standard input']);
    else for (const file of reportsAt(path)) texts.push([readFileSync(file, 'utf8'), `'${file}'`]);
  }
  const fleet = fleetOf(texts.flatMap(([content, name]) => parseReports(content, name)));
  if (fleet.disks.length === 0) throw new Error('the reports have no measurements');
  if (options.json !== '-' && options.format === 'text') process.stdout.write(fleetText(fleet, paint()));
  write(options, {
    openmetrics: () => fleetOpenMetrics(fleet),
    html: () => fleetHtml(fleet),
    json: () => reportJson(fleet),
  });
}

function reportsAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const files = reportFiles(path);
  if (files.length === 0) throw new Error(`'${path}' has no file that ends in .json`);
  return files;
}

/** Writes the formats that were asked for, except the text. */
function write(
  { json, html, format }: BenchOptions,
  formats: Record<'openmetrics' | 'html' | 'json', () => string>,
): void {
  if (format === 'openmetrics') process.stdout.write(formats.openmetrics());
  if (html !== undefined) writeFileSync(html, formats.html());
  if (json === '-') process.stdout.write(formats.json());
  else if (json !== undefined) writeFileSync(json, formats.json());
}

type Show = (text: string) => void;

async function measure(
  directories: string[],
  options: BenchOptions,
  report: Report,
  signal: AbortSignal,
  show: Show,
): Promise<Report> {
  noteMissingAddon();
  const contenders = await findContenders(options.contender);
  const plan = planOf(options);
  const crashResults = readCrashResults();
  const progress = new ProgressLine(process.stderr, plan.seconds * directories.length);
  try {
    for (const [index, directory] of directories.entries()) {
      const onTurn = (elapsed: number, name: string) => progress.show(index * plan.seconds + elapsed, name);
      const run = await benchDirectory(directory, contenders, {
        plan,
        signal,
        crashResults,
        appendings: options.append ?? [],
        onTurn,
      });
      progress.clear();
      report.runs.push(run);
      show(`${runText(run, paint(), terminalWidth())}\n`);
    }
  } finally {
    progress.clear();
  }
  show(`${machineText(report.machine)}\n`);
  return report;
}

function showReport(report: Report, show: Show): Report {
  for (const run of report.runs) show(`${runText(run, paint(), terminalWidth())}\n`);
  show(`${machineText(report.machine)}\n`);
  return report;
}

function terminalWidth(): number {
  // 0 is an unknown width.
  return Math.max(80, process.stdout.columns || 0);
}

function paint(): Paint {
  return process.stdout.isTTY && process.stdout.hasColors() ? coloured : plain;
}

async function findContenders(own: readonly string[] = []): Promise<Contender[]> {
  resolveFromProject(process.cwd());
  const { contenders, missing } = await loadContenders();
  if (missing.length > 0) {
    process.stderr.write(`indelible: not installed, so not measured: ${missing.join(', ')}\n`);
  }
  return [...contenders, ...(await Promise.all(own.map(loadContender)))];
}

function planOf({ quick, full, seconds }: BenchOptions): BenchPlan {
  const plan = full ? FULL : quick ? QUICK : USUAL;
  return seconds === undefined ? plan : { ...plan, seconds, longest: seconds };
}

function newReport(version: string, seconds: number): Report {
  const { engine, unavailable } = selectEngine();
  return {
    schema: 'indelible-bench/3',
    indelible: version,
    date: new Date().toISOString(),
    machine: {
      ...thisMachine(),
      engine: unavailable === undefined ? engine.name : `${engine.name} (${firstLine(unavailable)})`,
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

function parseCondition(text: string): number {
  const percent = /^slower:(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent === undefined) throw new InvalidArgumentError('It must be such as slower:20%.');
  return Number(percent);
}

function parseAppending(text: string, before: readonly Appending[] = []): Appending[] {
  const [, first, second = '1'] = /^(\d+)(?:x(\d+))?$/.exec(text) ?? [];
  const [bytes, files] = [Number(first), Number(second)];
  if (!(bytes >= 1 && bytes <= LONGEST_LOG && files >= 1 && files <= MOST_FILES)) {
    throw new InvalidArgumentError(
      `It must be such as 8192 or 8192x16, with at most ${LONGEST_LOG} bytes and ${MOST_FILES} files.`,
    );
  }
  return [...before, appendingOf(bytes, files)];
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
