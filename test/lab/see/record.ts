import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { checkRecordings } from '../../../docs/see-it-work/check-recordings.js';
import type { Pair, Recordings } from '../../../docs/see-it-work/recordings.js';
import { presentCommit } from '../../../packaging/tested-code.js';
import type { LabMount } from '../mounts.js';
import { PROJECT_ROOT } from '../project-root.js';
import { missingFor } from '../requirements.js';
import { Workspace } from '../workspace.js';
import { type CrashesAt, crashEverywhere } from './crashes.js';
import { addSession } from './merge.js';
import { prepareBase, type RawRun, recordRun } from './one-run.js';
import { type CrashedRun, costOf, mostTelling, pairOf, positionsOf, quickest, surveyOf } from './pair.js';
import { codeOf, RECIPES, type RecordedRecipe } from './recipes.js';

/** This ext4 initialises its tables before the recording, not during it. */
const MOUNTS: readonly LabMount[] = [
  { name: 'ext4', format: 'ext4', mkfs: ['-E', 'nodiscard,lazy_itable_init=0,lazy_journal_init=0'] },
  { name: 'xfs', format: 'xfs' },
  { name: 'btrfs', format: 'btrfs' },
];

interface RecordOptions {
  filesystem: string[];
  recipe: string[];
  alone: number;
  beside: number;
  draws: number;
  flush: number;
  seed: number;
  out: string;
  add: boolean;
}

const program = new Command('npm run see:record --')
  .description(
    'Makes the recordings of the page docs/see-it-work.html: saves of one file for each filesystem and ' +
      'recipe, with their system calls, the requests of the disk, and the outcome of a crash at any moment.',
  )
  .option(
    '--filesystem <names>',
    'comma-separated',
    list,
    MOUNTS.map(({ name }) => name),
  )
  .option(
    '--recipe <names>',
    'comma-separated',
    list,
    RECIPES.map(({ id }) => id),
  )
  .option('--alone <count>', 'recordings of each with nothing else running', integer, 6)
  .option('--beside <count>', 'recordings of each beside another program that syncs', integer, 10)
  .option('--draws <count>', 'random states of each of two kinds, for every recorded position', integer, 5)
  .option('--flush <milliseconds>', "how long a flush of the disk's cache takes", integer, 5)
  .option('--seed <number>', 'chooses the pauses and the states', integer, 1)
  .option(
    '--out <file>',
    'where the recordings are written',
    join(PROJECT_ROOT, 'docs/see-it-work/recordings.json'),
  )
  .option('--add', 'keeps the recordings in that file that are not made again', false);
const options = program.parse().opts<RecordOptions>();

const missing = missingFor(
  'mkfs.ext4',
  'mkfs.xfs',
  'mkfs.btrfs',
  'qemu-nbd',
  'nbdfuse',
  'nbdkit',
  'cc',
  'python3',
  'strace',
);
if (missing !== undefined)
  program.error(`error: nothing can be recorded on this machine: the crash lab ${missing}`);

/** The recordings of one recipe on one filesystem, not yet crashed. */
interface Take {
  mount: LabMount;
  recipe: RecordedRecipe;
  workspace: Workspace;
  baseImage: string;
  alone: RawRun[];
  beside: RawRun[];
}

const started = Date.now();
const before = options.add ? readRecordings(options.out) : undefined;
// First all recordings are made, one save at a time. Then they are crashed: mounting states would slow the
// saves.
const filesystems: Take[][] = [];
const workspaces: Workspace[] = [];
try {
  for (const mount of MOUNTS.filter(({ name }) => options.filesystem.includes(name))) {
    const workspace = await Workspace.create();
    workspaces.push(workspace);
    filesystems.push(await recordOn(mount, workspace));
  }
  const pairs = (await Promise.all(filesystems.map(crashAll))).flat();
  const recordings = addSession(before, {
    session: {
      kernel: `Linux ${release()}`,
      node: process.versions.node,
      processors: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
      date: new Date(started).toISOString(),
      seed: options.seed,
      command: commandLine(process.argv.slice(2)),
      commit: presentCommit(PROJECT_ROOT),
    },
    flush: options.flush * 1000,
    recipes: RECIPES.map((recipe) => {
      const { id, title, summary, promises = 'durable' } = recipe;
      return { id, title, summary, promises, code: codeOf(recipe) };
    }),
    pairs,
  });
  checkRecordings(recordings);
  writeFileSync(options.out, formatRecordings(recordings));
} finally {
  for (const workspace of workspaces) await workspace.remove();
}

async function recordOn(mount: LabMount, workspace: Workspace): Promise<Take[]> {
  const baseImage = workspace.path('base.img');
  await prepareBase(workspace, mount, baseImage);
  const takes: Take[] = [];
  for (const recipe of RECIPES) {
    if (!options.recipe.includes(recipe.id) || !(recipe.filesystems?.includes(mount.name) ?? true)) continue;
    const record = async (beside: boolean, count: number) => {
      const runs: RawRun[] = [];
      for (let index = 0; index < count; index++) {
        runs.push(
          await recordRun(workspace, {
            ...{ mount, baseImage, beside, recipe: recipe.id, flushMilliseconds: options.flush },
            seed: options.seed * 1000 + index,
          }),
        );
      }
      return runs;
    };
    const [alone, beside] = [await record(false, options.alone), await record(true, options.beside)];
    takes.push({ mount, recipe, workspace, baseImage, alone, beside });
    console.log(`${seconds()} ${mount.name}, ${recipe.id}: recorded`);
  }
  return takes;
}

/** Crashes the takes of one filesystem one after another, because their disks have the same UUID. */
async function crashAll(takes: readonly Take[]): Promise<Omit<Pair, 'session'>[]> {
  const pairs: Omit<Pair, 'session'>[] = [];
  for (const { mount, recipe, workspace, baseImage, alone, beside } of takes) {
    const crash = async (raw: RawRun, draws: number): Promise<CrashedRun> => {
      const crashes: CrashesAt[] = await crashEverywhere(
        workspace,
        { mount, baseImage, log: raw.log },
        positionsOf(raw),
        { draws, seed: options.seed },
      );
      return { raw, crashes };
    };
    const surveyed: CrashedRun[] = [];
    for (const raw of beside) surveyed.push(await crash(raw, 1));
    const quick = quickest(alone);
    pairs.push(
      pairOf(
        { filesystem: mount.name, recipe: recipe.id, format: mount.format },
        {
          alone: await crash(quick, options.draws),
          beside: await crash(mostTelling(surveyed).raw, options.draws),
        },
        { cost: costOf(quick, alone.length), survey: surveyOf(surveyed) },
      ),
    );
    console.log(`${seconds()} ${mount.name}, ${recipe.id}: crashed`);
  }
  return pairs;
}

function readRecordings(file: string): Recordings {
  const recordings: unknown = JSON.parse(readFileSync(file, 'utf8'));
  checkRecordings(recordings);
  return recordings;
}

/** The command that repeats the recordings. It does not name the output file. */
function commandLine(args: readonly string[]): string {
  const kept = args.filter((arg, index) => arg !== '--out' && args[index - 1] !== '--out');
  return ['npm run see:record', ...(kept.length > 0 ? ['--', ...kept] : [])].join(' ');
}

function seconds(): string {
  return `${((Date.now() - started) / 1000).toFixed(0)} s`;
}

/** One pair a line, so that a diff shows the pairs that changed. */
function formatRecordings({ pairs, ...rest }: Recordings): string {
  const head = JSON.stringify(rest, undefined, 1).replace(/\n\}$/, '');
  return `${head},\n "pairs": [\n${pairs.map((pair) => JSON.stringify(pair)).join(',\n')}\n ]\n}\n`;
}

function list(value: string): string[] {
  return value.split(',');
}

function integer(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('Not a whole number.');
  return Number(value);
}
