/**
 * Compares checkouts of this package with each other, with the npm libraries for the same job and with the textbook
 * recipe: single saves, many at once, `saveAll`, and what many saves cost the rest of the program. On real filesystems
 * in memory, and on a disk whose cache flush takes five milliseconds, like that of an ordinary SATA SSD. For root on
 * Linux, with the tools of the crash lab. It never fails because of a time.
 *
 *     npm run bench:concurrency [-- OLD_CHECKOUT...] [--disk slow-ext4,tmpfs] [--cell TEXT] [--rounds 9]
 *
 * An OLD_CHECKOUT has its `dist/` and its addon built. The implementations take turns within each round, and each other
 * round runs backwards. Prints the medians of the rounds, and at the end the ratios beside their limits.
 */
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import fastWriteAtomic from 'fast-write-atomic';
import { inspect } from 'indelible';
import { syncfsSync } from 'indelible/primitives';
import { markdownTable } from 'markdown-table';
import writeFileAtomic from 'write-file-atomic';
import { Interrupted, interruptible } from '../../src/cli/interruption.js';
import { missingFor } from '../../test/lab/requirements.js';
import { Workspace } from '../../test/lab/workspace.js';
import { saveByTextbook, saveByTextbookSync } from '../contenders/textbook.js';
import { count, duration } from '../measure/amount.js';
import { median } from '../measure/confidence.js';
import { FlushCounter } from '../measure/flush-counter.js';
import { inWorkspace } from '../measure/workspace.js';
import { inMemory, type MountPlace, NO_JOURNAL, onDisk, onSlowDisk } from './disks.js';
import { enterOwnMountNamespace } from './mount-namespace.js';

type Library = typeof import('../../src/index.js');
type Write = (path: string, data: Buffer) => unknown;

/** A disk, and how much is measured on it. */
interface Place {
  /** Default: the current directory. */
  mount?: MountPlace;
  kind: 'slow' | 'fast' | 'memory';
}

/** One implementation in one cell. */
interface Way {
  name: string;
  /** One turn, in a directory of its own. @returns its time in milliseconds. */
  turn(directory: string): Promise<number>;
}

/** The same work for each implementation. */
interface Cell {
  name: string;
  /** The number of saves in a turn. The times of a cell of 0 are not divided by it. */
  saves: number;
  /** Whether each turn begins with an empty directory. */
  empty?: boolean;
  ways: Way[];
}

/** One for each turn: milliseconds, microseconds of CPU time, flushes where the kernel counts them. */
interface Samples {
  wall: number[];
  cpu: number[];
  flushes: number[];
}

interface Measured {
  /** Microseconds a save. */
  wall: number;
  cpu: number;
  /** For all saves of a turn together. */
  flushes: number | undefined;
}

/** By cell, then by implementation. */
type Results = Map<string, Map<string, Measured>>;

interface Goal {
  disks: readonly string[];
  cell: string;
  atMost: number;
  /** Another implementation, or the first OLD_CHECKOUT. Without it, the limit is one of flushes. */
  than?: string;
}

const OWN = 'this';
const OLD = 'OLD_CHECKOUT';
const WRITE_FILE_ATOMIC = 'write-file-atomic';
const FAST_WRITE_ATOMIC = 'fast-write-atomic';
const TEXTBOOK = 'textbook';
const NEW_FILES = 5000;
const STAT_CELL = 'fs.stat beside 64';
const NEW_FILES_CELL = `saveAll, ${NEW_FILES} new files`;
const DATA = Buffer.alloc(4096, 'indelible ');

const PLACES: Record<string, Place> = {
  'slow-ext4': { kind: 'slow', mount: onSlowDisk('ext4') },
  'slow-xfs': { kind: 'slow', mount: onSlowDisk('xfs') },
  'slow-btrfs': { kind: 'slow', mount: onSlowDisk('btrfs') },
  'slow-ext4-no-journal': { kind: 'slow', mount: onSlowDisk('ext4', NO_JOURNAL) },
  ext4: { kind: 'fast', mount: onDisk('ext4') },
  xfs: { kind: 'fast', mount: onDisk('xfs') },
  btrfs: { kind: 'fast', mount: onDisk('btrfs') },
  'ext4-no-journal': { kind: 'fast', mount: onDisk('ext4', NO_JOURNAL) },
  tmpfs: { kind: 'memory', mount: inMemory },
  here: { kind: 'fast' },
};
/** A round in memory is too short to warm up the processor. */
const ROUNDS: Record<Place['kind'], number> = { slow: 7, fast: 9, memory: 41 };
/** The saves of a turn that are made one after the other. */
const ONE_AFTER_THE_OTHER: Record<Place['kind'], number> = { slow: 4, fast: 20, memory: 50 };
/** Before the first round: the libraries inspect the filesystem, and the first saves on an ext4 its `fast_commit`. */
const WARM_UP_ROUNDS = 2;

const JOURNALS = ['slow-ext4', 'slow-xfs'];
const GOALS: readonly Goal[] = [
  { disks: JOURNALS, cell: 'durable, one at a time', than: TEXTBOOK, atMost: 0.52 },
  { disks: JOURNALS, cell: 'durable, 64 at once', than: WRITE_FILE_ATOMIC, atMost: 0.07 },
  { disks: JOURNALS, cell: 'durable, 256 at once', than: WRITE_FILE_ATOMIC, atMost: 0.045 },
  { disks: JOURNALS, cell: 'durable, 256 at once', atMost: 4 },
  { disks: JOURNALS, cell: STAT_CELL, than: WRITE_FILE_ATOMIC, atMost: 0.1 },
  { disks: ['slow-btrfs'], cell: 'durable, 64 at once', than: OLD, atMost: 0.5 },
  { disks: ['slow-btrfs'], cell: 'durable, 256 at once', than: OLD, atMost: 0.35 },
  {
    disks: ['slow-ext4-no-journal', 'ext4-no-journal'],
    cell: 'durable, 64 at once',
    than: OLD,
    atMost: 0.85,
  },
  { disks: ['ext4', 'xfs'], cell: NEW_FILES_CELL, than: WRITE_FILE_ATOMIC, atMost: 0.25 },
  { disks: ['ext4', 'xfs'], cell: NEW_FILES_CELL, than: 'fs.writeFile', atMost: 2 },
  { disks: ['tmpfs'], cell: 'none, one at a time', than: FAST_WRITE_ATOMIC, atMost: 0.22 },
  { disks: ['tmpfs'], cell: 'none, one at a time', than: WRITE_FILE_ATOMIC, atMost: 0.06 },
  { disks: ['tmpfs'], cell: 'none, 64 at once', than: FAST_WRITE_ATOMIC, atMost: 0.75 },
  { disks: ['tmpfs'], cell: 'none, 256 at once', than: FAST_WRITE_ATOMIC, atMost: 0.75 },
  { disks: ['tmpfs'], cell: 'saveSync, none', than: TEXTBOOK, atMost: 1 },
  { disks: ['tmpfs'], cell: 'saveSync, none', than: WRITE_FILE_ATOMIC, atMost: 0.55 },
];

const program = new Command('npm run bench:concurrency --')
  .argument('[OLD_CHECKOUT...]')
  .option('--disk <names>', Object.keys(PLACES).join(), (names) => names.split(','), Object.keys(PLACES))
  .option('--cell <text>', 'only cells whose name contains TEXT', '')
  .option('--rounds <number>', 'for each cell', Number)
  .parse();
const options = program.opts<{ disk: string[]; cell: string; rounds?: number }>();

const places = options.disk.map((name): [string, Place] => {
  const place = PLACES[name];
  if (place === undefined) throw new Error(`there is no disk '${name}', only ${Object.keys(PLACES).join()}`);
  return [name, place];
});

const missing = missingFor('mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'cc', 'nbdfuse', 'nbdkit');
if (missing !== undefined) throw new Error(`the benchmark ${missing}`);
await enterOwnMountNamespace('.');

const libraries = new Map([[OWN, await load(new URL('../../../', import.meta.url))]]);
for (const checkout of program.args) {
  const name = libraries.has(basename(checkout)) ? checkout : basename(checkout);
  libraries.set(name, await load(pathToFileURL(`${resolve(checkout)}/`)));
}
const [, old] = libraries.keys();

const goals: string[][] = [];
try {
  await interruptible(async (signal) => {
    for (const [name, place] of places) {
      const workspace = await Workspace.create();
      try {
        const mounted = await place.mount?.(workspace, name);
        await inWorkspace(mounted?.directory ?? '.', async ({ directory }) => {
          const results = await measurePlace(directory, place.kind, signal);
          console.log(`\n## ${name}\n\n${resultTable(results)}`);
          goals.push(...goalRows(name, results));
        });
      } finally {
        await workspace.remove();
      }
    }
  });
  console.log(`\n## Limits\n\n${goalTable(goals)}`);
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  process.exitCode = error.exitStatus;
}

async function load(root: URL): Promise<Library> {
  return (await import(new URL('dist/index.js', root).href)) as Library;
}

function cellsOf(kind: Place['kind']): Cell[] {
  return [
    ...(kind === 'memory' ? memoryCells() : diskCells()),
    ...(kind === 'slow' ? [] : [newFiles(kind === 'memory' ? 'none' : 'durable')]),
  ].filter(({ name }) => name.includes(options.cell));

  function diskCells(): Cell[] {
    const one = { [WRITE_FILE_ATOMIC]: writeFileAtomic };
    const all = { [TEXTBOOK]: saveByTextbook, ...one, [FAST_WRITE_ATOMIC]: fastWriteAtomic.promise };
    return [
      oneAfterTheOther('durable', kind, all),
      atOnce('durable', 64, all),
      // On a disk that takes milliseconds, 256 saves of the others take seconds.
      atOnce('durable', 256, kind === 'slow' ? one : all),
      together(64),
      together(256),
      {
        name: STAT_CELL,
        saves: 0,
        ways: ways('durable', one, (write) => ({
          turn: (at) => statWait(at, write),
        })),
      },
    ];
  }

  function memoryCells(): Cell[] {
    const others: Record<string, Write> = {
      [WRITE_FILE_ATOMIC]: writeFileAtomic,
      [FAST_WRITE_ATOMIC]: fastWriteAtomic.promise,
    };
    const synchronous = { [TEXTBOOK]: saveByTextbookSync, [WRITE_FILE_ATOMIC]: writeFileAtomic.sync };
    return [
      oneAfterTheOther('none', kind, others),
      atOnce('none', 64, others),
      atOnce('none', 256, others),
      {
        name: 'saveSync, none',
        saves: ONE_AFTER_THE_OTHER.memory,
        ways: [
          ...[...libraries].map(([name, { saveSync }]): [string, Write] => [
            name,
            (path, data) => saveSync(path, data, { durability: 'none' }),
          ]),
          ...Object.entries(synchronous),
        ].map(([name, write]) => ({
          name,
          turn: (directory) =>
            timed(() => {
              for (let i = 0; i < ONE_AFTER_THE_OTHER.memory; i += 1) write(join(directory, 'file'), DATA);
            }),
        })),
      },
    ];
  }
}

/** Each library's `save` and then the others, in one kind of turn. */
function ways(
  durability: 'durable' | 'none',
  others: Record<string, Write>,
  asTurn: (write: Write) => Pick<Way, 'turn'>,
): Way[] {
  const own = [...libraries].map(([name, { save }]): [string, Write] => [
    name,
    (path, data) => save(path, data, { durability }),
  ]);
  return [...own, ...Object.entries(others)].map(([name, write]) => ({ name, ...asTurn(write) }));
}

function oneAfterTheOther(
  durability: 'durable' | 'none',
  kind: Place['kind'],
  others: Record<string, Write>,
): Cell {
  const saves = ONE_AFTER_THE_OTHER[kind];
  return {
    name: `${durability}, one at a time`,
    saves,
    ways: ways(durability, others, (write) => ({
      turn: (directory) =>
        timed(async () => {
          for (let i = 0; i < saves; i += 1) await write(join(directory, 'file'), DATA);
        }),
    })),
  };
}

function atOnce(durability: 'durable' | 'none', saves: number, others: Record<string, Write>): Cell {
  return {
    name: `${durability}, ${saves} at once`,
    saves,
    ways: ways(durability, others, (write) => ({
      turn: (directory) => timed(() => saveAtOnce(directory, saves, write)),
    })),
  };
}

function together(saves: number): Cell {
  return {
    name: `saveAll, ${saves} files`,
    saves,
    ways: [
      ...savingAll('durable', saves),
      {
        name: WRITE_FILE_ATOMIC,
        turn: (directory) => timed(() => saveAtOnce(directory, saves, writeFileAtomic)),
      },
    ],
  };
}

function newFiles(durability: 'durable' | 'none'): Cell {
  const others: Record<string, Write> = { [WRITE_FILE_ATOMIC]: writeFileAtomic, 'fs.writeFile': writeFile };
  return {
    name: NEW_FILES_CELL,
    saves: NEW_FILES,
    empty: true,
    ways: [
      ...savingAll(durability, NEW_FILES),
      ...Object.entries(others).map(([name, write]) => ({
        name,
        turn: (directory: string) => timed(() => saveInTurns(directory, NEW_FILES, 64, write)),
      })),
    ],
  };
}

function savingAll(durability: 'durable' | 'none', saves: number): Way[] {
  return [...libraries].map(([name, { saveAll }]) => ({
    name,
    turn: (directory) => {
      const files = Array.from({ length: saves }, (_, i) => ({ path: join(directory, `${i}`), data: DATA }));
      return timed(() => saveAll(files, { durability }));
    },
  }));
}

async function timed(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

async function saveAtOnce(directory: string, saves: number, write: Write): Promise<void> {
  await Promise.all(Array.from({ length: saves }, (_, i) => write(join(directory, `${i}`), DATA)));
}

/** Saves `saves` files, never more than `limit` of them at once. */
async function saveInTurns(directory: string, saves: number, limit: number, write: Write): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < saves; i = next++) await write(join(directory, `${i}`), DATA);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

/** The mean time of an unrelated `fs.stat`, called a millisecond after the one before it while 64 saves run. */
async function statWait(directory: string, write: Write): Promise<number> {
  let running = true;
  const saving = saveAtOnce(directory, 64, write).finally(() => {
    running = false;
  });
  let sum = 0;
  let calls = 0;
  for (; calls === 0 || running; calls += 1) {
    sum += await timed(() => stat('/'));
    await pause(1);
  }
  await saving;
  return sum / calls;
}

async function measurePlace(directory: string, kind: Place['kind'], signal: AbortSignal): Promise<Results> {
  const counter = FlushCounter.under((await inspect(directory)).device);
  const filesystem = openSync(directory, 'r');
  const results: Results = new Map();
  try {
    for (const { name, ways, saves, empty = false } of cellsOf(kind)) {
      const samples = ways.map((way) => ({ ...way, wall: [], cpu: [], flushes: [] }) as Way & Samples);
      for (let round = -WARM_UP_ROUNDS; round < (options.rounds ?? ROUNDS[kind]); round += 1) {
        // The first rounds are not counted.
        if (round === 0)
          for (const { wall, cpu, flushes } of samples) wall.length = cpu.length = flushes.length = 0;
        for (const sample of round % 2 === 0 ? samples : samples.toReversed()) {
          const place = join(directory, sample.name);
          mkdirSync(place, { recursive: true });
          // What an earlier turn has left for later must not be written during this one.
          syncfsSync(filesystem);
          await takeTurn(sample, place, counter);
          if (empty) rmSync(place, { recursive: true });
          signal.throwIfAborted();
        }
      }
      results.set(
        name,
        new Map(samples.map((sample) => [sample.name, mediansOf(sample, Math.max(1, saves))])),
      );
    }
  } finally {
    closeSync(filesystem);
  }
  return results;
}

async function takeTurn(
  sample: Way & Samples,
  place: string,
  counter: FlushCounter | undefined,
): Promise<void> {
  const flushes = counter?.now();
  const usage = process.cpuUsage();
  sample.wall.push(await sample.turn(place));
  const { user, system } = process.cpuUsage(usage);
  sample.cpu.push(user + system);
  if (counter !== undefined && flushes !== undefined) sample.flushes.push(counter.now() - flushes);
}

function mediansOf({ wall, cpu, flushes }: Samples, saves: number): Measured {
  return {
    wall: (median(wall) * 1000) / saves,
    cpu: median(cpu) / saves,
    flushes: flushes.length === 0 ? undefined : median(flushes),
  };
}

/** One row for each implementation in each cell, with the time of this build divided by its own. */
function resultTable(results: Results): string {
  const rows = [...results].flatMap(([cell, byName]) =>
    [...byName].map(([name, { wall, cpu, flushes }]) => {
      const own = byName.get(OWN);
      const ratios =
        own === undefined || name === OWN ? ['', ''] : [ratio(own.wall, wall), ratio(own.cpu, cpu)];
      return [
        cell,
        name,
        duration(wall),
        duration(cpu),
        flushes === undefined ? '-' : count(flushes),
        ...ratios,
      ];
    }),
  );
  return markdownTable(
    [['', '', 'wall, each', 'CPU, each', 'flushes, all', `${OWN} / it, wall`, `${OWN} / it, CPU`], ...rows],
    { align: ['l', 'l', 'r', 'r', 'r', 'r', 'r'] },
  );
}

function goalRows(disk: string, results: Results): string[][] {
  return GOALS.filter(({ disks }) => disks.includes(disk)).flatMap(({ cell, than, atMost }) => {
    const own = results.get(cell)?.get(OWN);
    if (own === undefined) return [];
    if (than === undefined) {
      const { flushes = Number.NaN } = own;
      return [[disk, cell, 'flushes', String(atMost), String(flushes), '', flushes <= atMost ? 'yes' : 'NO']];
    }
    const other = results.get(cell)?.get(than === OLD ? (old ?? '') : than);
    if (other === undefined) return [];
    const wall = own.wall / other.wall;
    const met = wall <= atMost ? 'yes' : 'NO';
    return [[disk, cell, than, String(atMost), wall.toFixed(3), ratio(own.cpu, other.cpu), met]];
  });
}

function goalTable(rows: readonly string[][]): string {
  return markdownTable([['', '', 'compared with', 'at most', 'wall', 'CPU', 'met'], ...rows], {
    align: ['l', 'l', 'l', 'r', 'r', 'r', 'l'],
  });
}

function ratio(value: number, divisor: number): string {
  return (value / divisor).toFixed(3);
}
