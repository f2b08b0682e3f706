/**
 * Saves one file once, by one recipe, under strace. What it prints is traced as well, so that its events have times on
 * the clock of its system calls.
 *
 *   node saving-process.js '{"recipe": …, "directory": …, "otherFilesystem": …, "beside": …, "seed": …}'
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { settingsText } from '../../../docs/see-it-work/settings-file.js';
import { Random } from '../random.js';
import { SETTINGS_FILE, WARM_UP_FILE } from './files.js';
import type { NeighbourTask } from './neighbour-process.js';
import { RECIPES } from './recipes.js';

export interface SavingTask {
  recipe: string;
  /** Where the volume is mounted. */
  directory: string;
  /** A directory on another filesystem. */
  otherFilesystem: string;
  /** Whether another program syncs a file of its own meanwhile. */
  beside: boolean;
  seed: number;
}

/** What the process prints, a line of JSON each. */
export type SavingEvent =
  | { event: 'began' | 'saving' | 'resolved' | 'ended' }
  | { event: 'rejected'; error: string };

/** Every recipe is as fast as it gets, and the library has seen what it wants to see of the filesystem. */
const WARM_UPS = 8;
/** Milliseconds of nothing before the save. */
const LEAD = 3;
/** Milliseconds after it: with nothing else running nothing more will happen for seconds. */
const AFTERMATH = { alone: 8, beside: 60 };
/** The other program's first sync falls somewhere in this stretch from its start, in milliseconds. */
const LONGEST_DELAY = 30;
const STDOUT = 1;

const task = JSON.parse(process.argv[2] ?? '') as SavingTask;
const recipe = RECIPES.find(({ id }) => id === task.recipe);
if (recipe === undefined) throw new Error(`unknown recipe: ${task.recipe}`);
const content = Buffer.from(settingsText('new'));
const warmUp = Buffer.alloc(content.length, 'warm-up ');

for (let count = 0; count < WARM_UPS; count++) {
  await recipe.save(join(task.directory, WARM_UP_FILE), warmUp, task.otherFilesystem);
}
execFileSync('sync', ['--file-system', task.directory]);

const random = new Random(task.seed);
const neighbour = task.beside ? await startNeighbour() : undefined;
report({ event: 'began' });
await sleep(LEAD);
report({ event: 'saving' });
try {
  await recipe.save(join(task.directory, SETTINGS_FILE), content, task.otherFilesystem);
  report({ event: 'resolved' });
} catch (error) {
  report({ event: 'rejected', error: String(error) });
}
await sleep(task.beside ? AFTERMATH.beside : AFTERMATH.alone);
report({ event: 'ended' });
if (neighbour !== undefined) {
  neighbour.stdin.end();
  await once(neighbour, 'exit');
}
process.exit(0);

function report(event: SavingEvent): void {
  writeSync(STDOUT, `${JSON.stringify(event)}\n`);
}

async function startNeighbour() {
  const program = new URL('./neighbour-process.js', import.meta.url).pathname;
  const given: NeighbourTask = { directory: task.directory, seed: random.below(2 ** 31) };
  const child = spawn(process.execPath, [program, JSON.stringify(given)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await sleep(random.next() * LONGEST_DELAY);
  return child;
}
