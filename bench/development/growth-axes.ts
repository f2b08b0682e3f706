import { linkSync, mkdirSync, readdirSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Saved, save } from 'indelible';
import { byteSize } from '../measure/amount.js';
import type { BenchWorkspace } from '../measure/workspace.js';
import type { Measurements, Subject } from './growth-point.js';
import { ManyMounts } from './many-mounts.js';

/** Where the axes are measured. */
export interface Growth {
  workspace: BenchWorkspace;
  signal: AbortSignal;
  measure(subjects: readonly Subject[]): Promise<Measurements[]>;
}

/** One point of an axis, as its table shows it. */
export interface Point {
  label: string;
  measurements: Measurements[];
}

/** Something that grows. */
export interface Axis {
  title: string;
  /** What the table's first column is, and what else is the same in all rows. */
  head: string;
  about: string;
  /** Whether it mounts, and so needs a mount namespace of its own. */
  ownMounts?: true;
  /** Ascending. */
  values: readonly number[];
  /** Ends early, with an error, where the machine has no room for more. */
  points(values: readonly number[], growth: Growth): AsyncGenerator<Point>;
}

type Write = (path: string, data: Uint8Array) => Promise<unknown>;

const MIB = 2 ** 20;
const DATA = Buffer.alloc(4096, 'indelible ');
const WRITERS: Record<string, Write> = {
  'save, durable': (path, data) => save(path, data),
  'save, none': (path, data) => save(path, data, { durability: 'none' }),
  'fs.writeFile': (path, data) => writeFile(path, data),
};
/** The saves of a turn, where they are made one after the other. */
const ONE_AFTER_THE_OTHER = 10;
/** Between two of them, the event loop handles signals. */
const CHUNK = 1000;

export const AXES: Readonly<Record<string, Axis>> = {
  'at-once': {
    title: 'Saves at once',
    head: 'at once',
    about: 'Of 4 KiB, to as many files of one directory, all started together',
    values: [1, 10, 100, 1000, 10_000, 100_000],
    async *points(values, { workspace, signal, measure }) {
      await using directory = new CrowdedDirectory(join(workspace.directory, 'at-once'), signal, false);
      for (const value of values) {
        await directory.growTo(value);
        const paths = Array.from({ length: value }, (_, i) => directory.entry(i));
        yield {
          label: grouped(value),
          measurements: await measure(subjects((write) => () => atOnce(paths, write))),
        };
      }
    },
  },
  entries: {
    title: 'Entries of the directory',
    head: 'entries',
    about: 'Of 4 KiB, one at a time, to a file of a directory with as many entries',
    values: [10, 100, 1000, 10_000, 100_000, 1_000_000],
    async *points(values, { workspace, signal, measure }) {
      await using directory = new CrowdedDirectory(join(workspace.directory, 'entries'), signal, true);
      for (const value of values) {
        await directory.growTo(value);
        const path = directory.entry(0);
        yield {
          label: grouped(value),
          measurements: await measure(subjects((write) => () => oneAfterTheOther(path, DATA, write))),
        };
      }
    },
  },
  mounts: {
    title: 'Mounts',
    head: 'mounts',
    about:
      'Of 4 KiB, one at a time, in a mount table of as many lines; those after a change of it are the first ones',
    ownMounts: true,
    values: [10, 100, 1000, 5000],
    async *points(values, { workspace, measure }) {
      const path = join(workspace.directory, 'file');
      using mounts = new ManyMounts(join(workspace.directory, 'mounts'));
      for (const value of values) {
        mounts.growTo(value);
        const one = (write: Write) => () => oneAfterTheOther(path, DATA, write, 1);
        const unchanged = subjects(one).map((subject) => ({ ...subject, prepare: subject.turn }));
        const changed = subjects(one).map((subject) => ({
          ...subject,
          name: `${subject.name}, after a change`,
          prepare: () => mounts.change(),
        }));
        yield {
          label: grouped(ManyMounts.count()),
          measurements: await measure([...unchanged, ...changed]),
        };
      }
    },
  },
  size: {
    title: 'Size',
    head: 'size',
    about: 'One at a time',
    values: [100, 4096, 64 * 1024, MIB, 16 * MIB, 256 * MIB, 1024 * MIB],
    async *points(values, { workspace, measure }) {
      const path = join(workspace.directory, 'file');
      for (const value of values) {
        if (!(await workspace.hasSpaceFor(2 * value)))
          throw new Error(`no space for two files of ${byteSize(value)}`);
        const data = Buffer.alloc(value, 'indelible ');
        const saves = value < MIB ? ONE_AFTER_THE_OTHER : 1;
        try {
          yield {
            label: byteSize(value),
            measurements: await measure(
              subjects((write) => () => oneAfterTheOther(path, data, write, saves)),
            ),
          };
        } finally {
          rmSync(path, { force: true });
        }
      }
    },
  },
  directories: {
    title: 'Directories',
    head: 'directories',
    about: 'Of 4 KiB, 64 at once, spread over as many directories',
    values: [1, 4, 16, 64],
    async *points(values, { workspace, measure }) {
      for (const value of values) {
        const measurements = await workspace.inSubdirectory((directory) => {
          for (let i = 0; i < value; i += 1) mkdirSync(join(directory, `${i}`));
          const paths = Array.from({ length: 64 }, (_, i) => join(directory, `${i % value}`, `${i}`));
          return measure(subjects((write) => () => atOnce(paths, write)));
        });
        yield { label: grouped(value), measurements };
      }
    },
  },
};

/**
 * The first saves inspect the filesystem, and run before the JIT compiler has seen them.
 *
 * @returns how durable saves are made from then on.
 */
export async function warmUp(workspace: BenchWorkspace, turns: number): Promise<Saved> {
  return workspace.inSubdirectory(async (directory) => {
    const path = join(directory, 'file');
    for (const { turn } of subjects((write) => () => oneAfterTheOther(path, DATA, write))) {
      for (let i = 0; i < turns; i += 1) await turn();
    }
    return save(path, DATA);
  });
}

function subjects(asTurn: (write: Write) => Subject['turn']): Subject[] {
  return Object.entries(WRITERS).map(([name, write]) => ({ name, turn: asTurn(write) }));
}

async function oneAfterTheOther(
  path: string,
  data: Uint8Array,
  write: Write,
  saves = ONE_AFTER_THE_OTHER,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < saves; i += 1) times.push(await timed(path, data, write));
  return times;
}

/** A turn of few saves is several of them. Ends when all saves have, also if one of them fails. */
async function atOnce(paths: readonly string[], write: Write): Promise<number[]> {
  const times: number[] = [];
  while (times.length < ONE_AFTER_THE_OTHER) {
    for (const outcome of await Promise.allSettled(paths.map((path) => timed(path, DATA, write)))) {
      if (outcome.status === 'rejected') throw outcome.reason;
      times.push(outcome.value);
    }
  }
  return times;
}

async function timed(path: string, data: Uint8Array, write: Write): Promise<number> {
  const begin = performance.now();
  await write(path, data);
  return performance.now() - begin;
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}

/** A directory of very many entries. Signals are handled while they are made and removed, which takes seconds. */
class CrowdedDirectory implements AsyncDisposable {
  readonly #path: string;
  readonly #signal: AbortSignal;
  readonly #links: boolean;
  #count = 0;

  /**
   * @param path a new name.
   * @param links whether the entries are names of few files, which costs less. The first one has a file of its own.
   */
  constructor(path: string, signal: AbortSignal, links: boolean) {
    this.#path = path;
    this.#signal = signal;
    this.#links = links;
    mkdirSync(path);
  }

  entry(index: number): string {
    return join(this.#path, `${index}`);
  }

  async growTo(count: number): Promise<void> {
    let linked = '';
    for (; this.#count < count; this.#count += 1) {
      if (this.#count % CHUNK === 0) await this.#pause();
      const entry = this.entry(this.#count);
      if (this.#links && linked !== '' && isLinked(linked, entry)) continue;
      writeFileSync(entry, '');
      // A save replaces the first entry.
      linked = this.#count === 0 ? '' : entry;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [index, name] of readdirSync(this.#path).entries()) {
      if (index % CHUNK === 0) await nextTurn();
      unlinkSync(join(this.#path, name));
    }
    rmdirSync(this.#path);
  }

  async #pause(): Promise<void> {
    await nextTurn();
    this.#signal.throwIfAborted();
  }
}

/** Gives a file one more name. @returns false if it has as many as the filesystem allows. */
function isLinked(file: string, name: string): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch {
    return false;
  }
}
