/**
 * Guards this package's own speed: measures it together with the npm libraries for the same job, in memory and on
 * the disk under the current directory, and prints the ratios that matter beside the ones it is meant to keep.
 *
 *     npm run bench:rivals
 *
 * It never fails because of a time: machines differ.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { markdownTable } from 'markdown-table';
import { machineHead } from '../src/cli/bench/head.js';
import type { Report, Run } from '../src/cli/bench/report.js';
import { resultTable } from '../src/cli/bench/table.js';

/** `name` is meant to take at most this part of the time of `rival`. */
interface Goal {
  name: string;
  rival: string;
  atMost: number;
}

const PLACES: { directory: string; goals: Goal[] }[] = [
  {
    directory: '/dev/shm',
    goals: [
      { name: 'save, none', rival: 'write-file-atomic', atMost: 0.15 },
      { name: 'save, none', rival: 'fast-write-atomic', atMost: 0.5 },
      { name: 'saveSync, durable', rival: 'textbook, sync', atMost: 0.8 },
    ],
  },
  {
    directory: '.',
    goals: [
      { name: 'save, durable', rival: 'textbook, async', atMost: 1 },
      { name: 'saveSync, durable', rival: 'textbook, sync', atMost: 1 },
    ],
  },
];
const SECONDS_EACH = 20;

const report = await measure(PLACES.map(({ directory }) => directory));
console.log(`${machineHead(report.machine)}\n`);
for (const [index, { directory, goals }] of PLACES.entries()) {
  const run = report.runs[index];
  if (run === undefined) throw new Error(`nothing was measured in ${directory}`);
  console.log(`${directory} (${run.disk.filesystem})\n\n${resultTable(run)}\n\n${ratioTable(run, goals)}\n`);
}

/** In a process of its own, as a user would run it. */
async function measure(directories: string[]): Promise<Report> {
  const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const options = ['--libraries', '--json', '--seconds', String(SECONDS_EACH)];
  const child = spawn(process.execPath, [command, 'bench', ...options, ...directories], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout));
}

function ratioTable(run: Run, goals: Goal[]): string {
  return markdownTable(
    [
      ['', 'takes of', 'at most', 'measured'],
      ...goals.map(({ name, rival, atMost }) => [
        name,
        rival,
        String(atMost),
        (median(run, name) / median(run, rival)).toFixed(3),
      ]),
    ],
    { align: ['l', 'l', 'r', 'r'] },
  );
}

function median(run: Run, name: string): number {
  const result = run.contenders.find((contender) => contender.name === name);
  if (result === undefined) throw new Error(`${name} was not measured in ${run.directory}`);
  return result.microseconds.median;
}
