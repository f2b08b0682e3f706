import { cpus, release, type } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { selectEngine } from '../engine/select.js';
import { loadContenders } from './bench/contender.js';
import { diskHead, machineHead } from './bench/head.js';
import { ProgressLine } from './bench/progress.js';
import type { Report, Run } from './bench/report.js';
import { benchDirectory } from './bench/run.js';
import { resultTable } from './bench/table.js';
import { interruptible } from './interruption.js';

const CONTENDERS = new URL('./bench/contenders/', import.meta.url);
const LIBRARIES = new URL('libraries/', CONTENDERS);

const EXPLANATION = `
Saves 4 KiB again and again, in a directory of its own inside DIR, which it
removes. 'raw flush' overwrites a preallocated file and calls fdatasync: the floor
under every durable save on this disk. 'after crash' is what each way of saving
promises: that the new content is found, or either version whole, or anything.
`;

interface BenchOptions {
  seconds: number;
  libraries: boolean;
  json: boolean;
}

/** `indelible bench`: what a save costs on this disk. */
export function addBenchCommand(program: Command, version: string): void {
  program
    .command('bench')
    .summary('measure what a save costs on a disk')
    .description('Measures what it costs to save a file on the disk under each DIR.')
    .argument('[dir...]', 'where to measure', ['.'])
    .option('--seconds <number>', 'how long to measure in each DIR', parseSeconds, 15)
    .option('--libraries', 'measure the npm libraries for it as well, those that are installed', false)
    .option('--json', 'print one JSON document instead of the table', false)
    .addHelpText('after', EXPLANATION)
    .action((directories: string[], options: BenchOptions) =>
      interruptible((signal) => bench(directories, options, version, signal)),
    );
}

async function bench(
  directories: string[],
  { seconds, libraries, json }: BenchOptions,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const { contenders, missing } = await loadContenders(libraries ? [CONTENDERS, LIBRARIES] : [CONTENDERS]);
  if (missing.length > 0) {
    process.stderr.write(`indelible: not measured, since not installed: ${missing.join(', ')}\n`);
  }
  const { engine, unavailable } = selectEngine();
  const report: Report = {
    schema: 'indelible-bench/1',
    indelible: version,
    date: new Date().toISOString(),
    machine: {
      node: process.versions.node,
      kernel: `${type()} ${release()}`,
      processors: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
      engine: unavailable === undefined ? engine.name : `${engine.name} (${unavailable})`,
    },
    runs: [],
  };
  if (!json) process.stdout.write(`${machineHead(report.machine)}\n\n`);
  const progress = new ProgressLine(process.stderr, seconds);
  try {
    for (const directory of directories) {
      const onTurn = (elapsed: number, name: string) => progress.show(elapsed, name);
      const run = await benchDirectory(directory, contenders, { seconds, signal, onTurn });
      progress.clear();
      report.runs.push(run);
      if (!json) printRun(run);
    }
  } finally {
    progress.clear();
  }
  if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}

function printRun(run: Run): void {
  const failures = run.failed.map(({ name, error }) => `${name} cannot save here: ${error}\n`);
  process.stdout.write(`${diskHead(run)}\n\n${resultTable(run)}\n${failures.join('')}\n`);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return seconds;
}
