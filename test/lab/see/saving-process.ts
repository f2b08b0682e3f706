/**
 * Saves one file once, with one recipe, under strace. Its output is traced as well, so that its events and
 * its system calls have times of the same clock.
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
  /** Whether another program syncs a file of its own at the same time. */
  beside: boolean;
  seed: number;
}

/** The events that the process prints, one a line, as JSON. */
export type SavingEvent =
  | { event: 'began' | 'saving' | 'resolved' | 'ended' }
  | { event: 'rejected'; error: string };

/** Enough for each recipe to reach its speed, and for the library to learn the features of the filesystem. */
const WARM_UPS = 8;
/** Idle time before the save, in milliseconds. */
const LEAD = 3;
/** Time after the save, in milliseconds: with nothing else running, nothing happens for seconds. */
const AFTERMATH = { alone: 8, beside: 60 };
/** Longest time between the start of the other program and the recording, in milliseconds. */
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
