import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { presentCode, presentCommit } from '../../packaging/tested-code.js';
import { type CrashState, formatState, parseState } from './crash-states.js';
import { addResults, type CrashTest, type CrashTestResult, crash } from './crash-test.js';
import { openRecording } from './kept-recording.js';
import { KeptResults } from './kept-results.js';
import { debianKernel, KERNEL_SERIES, type KernelSeries } from './kernels/debian-kernel.js';
import { MOUNTS } from './mounts.js';
import { Progress } from './progress.js';
import { PROJECT_ROOT } from './project-root.js';
import { replay } from './replay.js';
import { formatCounts, formatExhibit, formatReport, formatResult, formatResults, tally } from './report.js';
import { GUEST_TOOLS, missingFor } from './requirements.js';
import { INSTALLED_ROLES, loadGiven, loadSubjects, ROLES, type Role, type Subject } from './subjects.js';
import { Workspace } from './workspace.js';

interface CrashOptions {
  filesystem: string[];
  kernel: (KernelSeries | undefined)[];
  role: Role[];
  scenario?: string[];
  save?: string[];
  states: number;
  guestStates?: number;
  seed: number[];
  keep: string;
  resume?: string;
  report?: string;
  json?: string;
  replay?: string;
  state?: CrashState;
  image?: string;
}

/** What `all` means under another kernel, which takes ten times as long. */
const GUEST_MOUNTS = ['ext4', 'xfs', 'btrfs'];

const program = new Command('npm run crash --')
  .description(
    'Crashes scenarios, negative controls and other libraries on real filesystems: records every write and ' +
      'flush of the disk, rebuilds the disks that a power failure could have left at any moment, mounts them, ' +
      'and reads the files. ' +
      'Exits with 1 if a scenario broke a promise or a control was not caught.',
  )
  .option(
    '--filesystem <names>',
    `comma-separated, or all: ${[...MOUNTS.keys()].join(', ')}; under a kernel in QEMU all means ${GUEST_MOUNTS.join(', ')}`,
    list,
    ['ext4', 'xfs', 'btrfs'],
  )
  .addOption(
    new Option(
      '--kernel <names>',
      `comma-separated: running, ${KERNEL_SERIES.join(', ')}; the others run in QEMU`,
    )
      .argParser(kernels)
      .default([undefined], 'running'),
  )
  .addOption(
    new Option('--role <roles>', `comma-separated: ${ROLES.join(', ')}`).argParser(roles).default(
      ROLES.filter((role) => role !== 'experiments' && !INSTALLED_ROLES.includes(role)),
      'scenarios, controls, competitors',
    ),
  )
  .option(
    '--scenario <names>',
    'comma-separated names of scenarios, controls, competitors or experiments (default: all of them)',
    list,
  )
  .option(
    '--save <modules>',
    'comma-separated files of modules with your own way to save, as for --contender of `indelible bench`; only they ' +
      'are crashed, and each must hold',
    list,
  )
  .option(
    '--states <count>',
    'crash states of each scenario on each filesystem with each seed, half of them under memory pressure',
    integer,
    200,
  )
  .option('--guest-states <count>', 'the same under a kernel in QEMU (default: as --states)', integer)
  .option('--seed <numbers>', 'comma-separated; each chooses as many other states', seeds, [1])
  .option(
    '--resume <file>',
    'keep each result in this file, and do not crash again what an earlier run has kept there; the run can be stopped ' +
      'at any time',
  )
  .option(
    '--keep <directory>',
    'where the recordings of broken promises are kept',
    join(PROJECT_ROOT, 'build/crash'),
  )
  .option('--report <file>', 'write the results as a page of documentation')
  .option('--json <file>', "write the counts in the form of vitest's JSON reporter")
  .option('--replay <directory>', 'show a state of a kept recording again; needs --state')
  .option('--state <state>', 'the state, as the failing run printed it', parseState)
  .option('--image <file>', 'with --replay: keep the disk image of the state, as it was before the mount');

const options = program.parse().opts<CrashOptions>();
const missing = missingFor(
  ...(['mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'qemu-nbd', 'nbdfuse', 'python3'] as const),
  ...(options.kernel.some((kernel) => kernel !== undefined) ? GUEST_TOOLS : []),
);
if (missing !== undefined) await skipAll(missing, options);
else if (options.replay !== undefined) await showAgain(options.replay, options);
else await crashAll(options);

/** Prints why nothing can be crashed on this machine. */
async function skipAll(why: string, chosen: CrashOptions): Promise<void> {
  console.log(`Nothing was crashed: the crash lab ${why}.`);
  const skipped = plan(await subjectsFor(chosen), chosen).length;
  if (chosen.json !== undefined) writeFileSync(chosen.json, formatCounts({ passed: 0, failed: 0, skipped }));
}

async function crashAll(chosen: CrashOptions): Promise<void> {
  const { states, guestStates = states, seed: chosenSeeds, keep, resume, report, json } = chosen;
  const tests = plan(await subjectsFor(chosen), chosen);
  const commit = presentCommit(PROJECT_ROOT);
  const conditions = { commit, kernel: release(), node: process.versions.node, states, guestStates };
  const kept = resume === undefined ? undefined : new KeptResults(resume, conditions);
  const progress = new Progress(
    tests.flatMap((test) => chosenSeeds.filter((seed) => kept?.resultsOf(test, seed) === undefined)).length,
  );
  const started = performance.now();
  const byTest = await Promise.all(
    tests.map(async (test) => {
      const ofSeeds = await Promise.all(
        chosenSeeds.map(async (seed) => {
          const before = kept?.resultsOf(test, seed);
          if (before !== undefined) return before;
          const count = test.mount.kernel === undefined ? states : guestStates;
          const found = await crash(test, { states: count, seed, seeds: chosenSeeds, keep });
          kept?.keep(test, seed, found);
          progress.show();
          return found;
        }),
      );
      const recovered = ofSeeds.reduce(addEach);
      for (const result of recovered) {
        console.log([formatResult(result), ...result.exhibits.map(formatExhibit)].join('\n'));
      }
      return recovered;
    }),
  );
  const results = byTest.flat();
  if (report !== undefined) {
    const command = ['npm run crash --', ...process.argv.slice(2)].join(' ');
    const guests = await Promise.all(
      chosen.kernel.flatMap((series) => series ?? []).map((series) => debianKernel(series)),
    );
    const run = { commit, seeds: chosenSeeds, command, guests: guests.map(({ release }) => release) };
    writeFileSync(report, formatReport(results, run));
    writeFileSync(
      report.replace(/(\.md)?$/, '.json'),
      formatResults(results, run, presentCode(PROJECT_ROOT)),
    );
  }
  summarise(results, (performance.now() - started) / 1000, json);
}

/** What two seeds have found, for each kernel that recovered states. */
function addEach(a: readonly CrashTestResult[], b: readonly CrashTestResult[]): CrashTestResult[] {
  return a.flatMap((result, index) => {
    const other = b[index];
    return other === undefined ? [] : addResults(result, other);
  });
}

/** The given modules alone, or those of the tables. */
async function subjectsFor({
  save,
  kernel: series,
  role: wanted,
  scenario: names,
}: CrashOptions): Promise<Subject[]> {
  if (save !== undefined) {
    if (series.some((kernel) => kernel !== undefined)) {
      program.error("error: the guest of '--kernel' does not contain the modules of '--save'");
    }
    const given = save.map((module) => loadGiven(resolve(module)));
    return Promise.all(given).catch((error) => program.error(`error: ${error.message}`));
  }
  const subjects = await loadSubjects();
  const known = new Set(subjects.map(({ name }) => name));
  for (const name of names ?? []) if (!known.has(name)) program.error(`error: unknown scenario '${name}'`);
  return subjects.filter(
    ({ name, role }) => wanted.includes(role) && (names === undefined || names.includes(name)),
  );
}

/** Every subject on every mount. A control runs only on the mounts on which it must be caught. */
function plan(
  subjects: readonly Subject[],
  { filesystem: filesystems, kernel: series }: CrashOptions,
): CrashTest[] {
  const mounts = series.flatMap((kernel) => {
    const all = kernel === undefined ? [...MOUNTS.keys()] : GUEST_MOUNTS;
    return (filesystems.includes('all') ? all : filesystems).map((name) => {
      const mount = MOUNTS.get(name) ?? program.error(`error: unknown filesystem '${name}'`);
      if (kernel === undefined) return mount;
      if (mount.externalJournal !== undefined)
        program.error(`error: '${name}' needs two devices, but a guest has one`);
      // A guest's processor is about fifty times slower, and its disk is not: more crashes come between two
      // calls.
      const { mostLitter: _, ...rest } = mount;
      return { ...rest, kernel };
    });
  });
  return subjects.flatMap((subject) => {
    const caughtOn = 'caughtOn' in subject.scenario ? subject.scenario.caughtOn : undefined;
    return mounts
      .filter(({ name }) => caughtOn === undefined || caughtOn.includes(name))
      .map((mount) => ({ subject, mount }));
  });
}

function summarise(results: readonly CrashTestResult[], seconds: number, json: string | undefined): void {
  const states = results.reduce((sum, result) => sum + result.states, 0);
  const { passed, failures } = tally(results);
  console.log(
    `\n${states} crash states in ${seconds.toFixed(0)} s, ${(states / seconds).toFixed(0)} a second`,
  );
  // Printed again, because many lines may have followed.
  for (const exhibit of results.flatMap(({ exhibits }) => exhibits)) console.log(formatExhibit(exhibit));
  for (const reason of failures) console.log(`FAILED: ${reason}`);
  console.log(`${passed} passed, ${failures.length} failed`);
  if (failures.length > 0) process.exitCode = 1;
  if (json !== undefined) {
    writeFileSync(json, formatCounts({ passed, failed: failures.length, skipped: 0 }));
  }
}

async function showAgain(directory: string, { state, image }: CrashOptions): Promise<void> {
  if (state === undefined) return program.error("error: option '--replay' needs '--state'");
  const workspace = await Workspace.create();
  try {
    const [judged] = await replay(workspace, openRecording(directory), [state], image);
    console.log(formatState(state));
    for (const { kind, file, detail } of judged?.faults ?? []) console.log(`  ${kind}: ${file}: ${detail}`);
    if (judged?.faults.length === 0) console.log('  no faults');
  } finally {
    await workspace.remove();
  }
}

function list(value: string): string[] {
  return value.split(',');
}

function roles(value: string): Role[] {
  return list(value).map((name) => {
    const role = ROLES.find((one) => one === name);
    if (role === undefined) throw new InvalidArgumentError(`Not one of ${ROLES.join(', ')}.`);
    return role;
  });
}

function kernels(value: string): (KernelSeries | undefined)[] {
  return list(value).map((name) => {
    const series = KERNEL_SERIES.find((one) => one === name);
    if (series === undefined && name !== 'running') {
      throw new InvalidArgumentError(`Not one of running, ${KERNEL_SERIES.join(', ')}.`);
    }
    return series;
  });
}

function seeds(value: string): number[] {
  return list(value).map(integer);
}

function integer(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('Not a whole number.');
  return Number(value);
}
