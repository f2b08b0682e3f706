/**
 * Compares this package with its competitors and the baseline: in memory and on the disk of the current directory. As
 * root on Linux, with the tools of the crash lab, also on ext4, XFS and btrfs in memory, and on disks whose cache flush
 * takes five milliseconds, like that of an ordinary SATA SSD.
 *
 *     npm run bench:suite [-- --seconds 20] [--place memory,disk,slow-ext4] [--json FILE] [--markdown FILE] [--readme FILE]
 *
 * Prints the measured ratios beside the goals. It never fails because of a time, since machines differ.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { markdownTable } from 'markdown-table';
import { missingFor } from '../../test/lab/requirements.js';
import { Workspace } from '../../test/lab/workspace.js';
import { comparison } from '../measure/findings.js';
import type { Report, Result, Run } from '../measure/report.js';
import { readReport, reportJson } from '../report/json.js';
import { machineText, plain, runText } from '../report/text.js';
import { comparisonTable } from './comparison.js';
import { inMemory, type MountPlace, onDisk, onSlowDisk } from './disks.js';
import { provenance, replaceGenerated } from './generated-part.js';

/** `name` is to take at most `atMost` times as long as `competitor`: for one save, or for `atOnce` saves at once. */
interface Goal {
  name: string;
  competitor: string;
  atMost: number;
  atOnce?: number;
}

interface Place {
  title: string;
  goals: readonly Goal[];
  /** Makes the directory to measure in. Default: the current directory. */
  mount?: MountPlace;
}

const COMMAND = ['npm run bench:suite --', ...process.argv.slice(2)].join(' ');
const SLOW: readonly Goal[] = [
  { name: 'save, durable', competitor: 'textbook, async', atMost: 0.7 },
  { name: 'save, ordered', competitor: 'write-file-atomic', atMost: 0.05 },
  { name: 'save, durable', competitor: 'write-file-atomic', atMost: 1 / 12, atOnce: 64 },
];
const DISK: readonly Goal[] = [
  { name: 'save, durable', competitor: 'textbook, async', atMost: 1 },
  { name: 'saveSync, durable', competitor: 'textbook, sync', atMost: 1 },
];

const PLACES: Record<string, Place> = {
  memory: {
    title: 'tmpfs',
    goals: [
      { name: 'save, none', competitor: 'write-file-atomic', atMost: 0.15 },
      { name: 'save, none', competitor: 'fast-write-atomic', atMost: 0.5 },
      { name: 'saveSync, durable', competitor: 'textbook, sync', atMost: 0.8 },
    ],
    mount: inMemory,
  },
  disk: { title: "this machine's disk", goals: DISK },
  ext4: { title: 'ext4 in memory', goals: DISK, mount: onDisk('ext4') },
  xfs: { title: 'XFS in memory', goals: DISK, mount: onDisk('xfs') },
  btrfs: { title: 'btrfs in memory', goals: DISK, mount: onDisk('btrfs') },
  'slow-ext4': { title: 'ext4, a flush takes 5 ms', goals: SLOW, mount: onSlowDisk('ext4') },
  'slow-xfs': { title: 'XFS, a flush takes 5 ms', goals: SLOW, mount: onSlowDisk('xfs') },
};

const options = new Command('npm run bench:suite --')
  .option('--seconds <number>', 'for each place', Number, 20)
  .option('--place <names>', Object.keys(PLACES).join(), (names) => names.split(','), Object.keys(PLACES))
  .option('--json <file>', 'write the report of `indelible bench`, with one run for each place')
  .option('--markdown <file>', 'replace the tables in FILE, a page of documentation')
  .option('--readme <file>', 'replace the comparison in FILE by that of slow-ext4 and memory')
  .parse()
  .opts<{ seconds: number; place: string[]; json?: string; markdown?: string; readme?: string }>();

const reports: Report[] = [];
const runs = new Map<string, Run>();
const sections: string[] = [];
for (const name of options.place) {
  const place = PLACES[name];
  if (place === undefined) throw new Error(`there is no place '${name}', only ${Object.keys(PLACES).join()}`);
  const missing = place.mount && missingFor('mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'cc', 'nbdfuse', 'nbdkit');
  if (missing !== undefined) {
    console.log(`${place.title}: not measured, ${missing}\n`);
    continue;
  }
  const report = await measureIn(name, place);
  const [run] = report.runs;
  if (run === undefined) throw new Error(`nothing was measured in ${name}`);
  const goals = goalTable(run, place.goals);
  const text = `${runText(run, plain)}\n${goals}`;
  console.log(
    `${reports.length === 0 ? `${machineText(report.machine)}\n\n` : ''}# ${place.title}\n\n${text}\n`,
  );
  reports.push(report);
  runs.set(name, run);
  sections.push(section(place.title, run, goals));
}
const [first] = reports;
if (first !== undefined && options.json !== undefined) {
  const all: Report = { ...first, runs: reports.flatMap(({ runs }) => runs) };
  await writeFile(options.json, reportJson(all));
}
if (first !== undefined && options.markdown !== undefined) {
  const page = await readFile(options.markdown, 'utf8');
  const text = `${provenance(first.machine, first.date, COMMAND)}.\n\n${sections.join('\n')}`;
  await writeFile(options.markdown, replaceGenerated(page, 'suite', 'bench:suite', text));
}
const [slow, memory] = [runs.get('slow-ext4'), runs.get('memory')];
if (options.readme !== undefined && first !== undefined && slow !== undefined && memory !== undefined) {
  const readme = await readFile(options.readme, 'utf8');
  const text = `${comparisonTable(slow, memory)}\n\n${provenance(first.machine, first.date, COMMAND)}`;
  await writeFile(options.readme, replaceGenerated(readme, 'comparison', 'bench:suite', text));
}

async function measureIn(name: string, { mount }: Place): Promise<Report> {
  if (mount === undefined) return measure('.');
  const workspace = await Workspace.create();
  try {
    return await measure((await mount(workspace, name)).directory);
  } finally {
    await workspace.remove();
  }
}

/** Runs the command in a process of its own, as users do. */
async function measure(directory: string): Promise<Report> {
  const scratch = await mkdtemp(join(tmpdir(), 'indelible-suite-'));
  try {
    const file = join(scratch, 'report.json');
    const command = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
    const args = [command, 'bench', '--seconds', String(options.seconds), '--json', file, directory];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const [status] = await once(child, 'close');
    if (status !== 0) throw new Error(`indelible bench ended with status ${status}`);
    // The path of the directory is of no use to readers of the report.
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(resolve(directory), '/measured'));
    return readReport(file);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function goalTable(run: Run, goals: readonly Goal[]): string {
  return markdownTable(
    [
      ['', 'compared with', 'at once', 'at most', 'measured', '95 % sure'],
      ...goals.map(({ name, competitor, atMost, atOnce = 1 }) => {
        const results =
          atOnce === 1
            ? run.contenders
            : (run.byConcurrency.find((point) => point.atOnce === atOnce)?.results ?? []);
        const { ratio, interval } = comparison(resultOf(name, results), resultOf(competitor, results));
        const sure = interval?.map((value) => value.toFixed(3)).join(' to ') ?? '?';
        return [name, competitor, String(atOnce), atMost.toFixed(3), ratio.toFixed(3), sure];
      }),
    ],
    { align: ['l', 'l', 'r', 'r', 'r', 'r'] },
  );
}

function resultOf(name: string, results: readonly Result[]): Result {
  const result = results.find((one) => one.name === name);
  if (result === undefined) throw new Error(`${name} was not measured`);
  return result;
}

function section(title: string, run: Run, goals: string): string {
  return `## ${title[0]?.toUpperCase()}${title.slice(1)}\n\n\`\`\`\n${runText(run, plain).trimEnd()}\n\`\`\`\n\nGoals, as ratios of the times:\n\n${goals}\n`;
}
