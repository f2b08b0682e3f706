// Compares two builds of this package in one process, which take turns. Prints medians in microseconds a call, of the wall
// clock and of the CPU time of all threads, and the ratios.
//   npm run bench:versions -- OTHER_CHECKOUT [DIRECTORY] [rounds] [only cells whose name contains]
// OTHER_CHECKOUT must have its dist/ and its addon built. On a tmpfs the result is the cost of the calls without the disk.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

type Library = typeof import('../../src/index.js');

const [otherCheckout, place = tmpdir(), rounds = '41', only = ''] = process.argv.slice(2);
if (otherCheckout === undefined) throw new Error('The argument OTHER_CHECKOUT is missing.');

async function load(root: string | URL): Promise<Library> {
  return (await import(new URL('dist/index.js', root).href)) as Library;
}

const libraries = [
  await load(pathToFileURL(`${resolve(otherCheckout)}/`)),
  await load(new URL('../../../', import.meta.url)),
];

const directory = mkdtempSync(join(place, 'indelible-bench-'));
const data = Buffer.alloc(4096, 'x');
const at = (name: string): string => join(directory, name);

interface Cell {
  name: string;
  /** The number of calls in one round. */
  calls: number;
  prepare?(): void;
  run(library: Library): Promise<unknown> | unknown;
}

async function repeat(count: number, call: () => Promise<unknown> | unknown): Promise<void> {
  for (let done = 0; done < count; done += 1) await call();
}

function manyAtOnce(library: Library, count: number, durability: 'durable' | 'none'): Promise<unknown> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => library.save(at(`many-${index}`), data, { durability })),
  );
}

/** Makes a tree, and another one to replace it. */
function makeTrees(files: number): void {
  for (const tree of ['staged', 'tree']) {
    mkdirSync(at(tree), { recursive: true });
    for (let file = 0; file < files; file += 1) writeFileSync(join(at(tree), `${file}`), data);
  }
}

const cells: Cell[] = [
  ...(['none', 'durable'] as const).flatMap((durability): Cell[] => [
    {
      name: `saveSync, ${durability}`,
      calls: 20,
      run: (library) => {
        for (let done = 0; done < 20; done += 1) library.saveSync(at('file'), data, { durability });
      },
    },
    {
      name: `save, ${durability}, one at a time`,
      calls: 20,
      run: (library) => repeat(20, () => library.save(at('file'), data, { durability })),
    },
    {
      name: `save, ${durability}, 64 at once`,
      calls: 64,
      run: (library) => manyAtOnce(library, 64, durability),
    },
    {
      name: `save, ${durability}, 256 at once`,
      calls: 256,
      run: (library) => manyAtOnce(library, 256, durability),
    },
  ]),
  {
    name: 'save of an iterable, none',
    calls: 10,
    run: (library) => repeat(10, () => library.save(at('file'), [data, data], { durability: 'none' })),
  },
  {
    name: 'update, none',
    calls: 10,
    run: (library) => repeat(10, () => library.update(at('file'), () => data, { durability: 'none' })),
  },
  {
    name: 'updateSync, none',
    calls: 10,
    run: (library) => repeat(10, () => library.updateSync(at('file'), () => data, { durability: 'none' })),
  },
  {
    name: 'update, durable',
    calls: 5,
    run: (library) => repeat(5, () => library.update(at('file'), () => data)),
  },
  ...(['none', 'durable'] as const).flatMap((durability): Cell[] => [
    {
      name: `exchange, ${durability}`,
      calls: 10,
      run: (library) => repeat(10, () => library.exchange(at('one'), at('other'), { durability })),
    },
    {
      name: `exchangeSync, ${durability}`,
      calls: 10,
      run: (library) => repeat(10, () => library.exchangeSync(at('one'), at('other'), { durability })),
    },
    ...[10, 1000].map(
      (files): Cell => ({
        name: `replaceDirectory, ${files} files, ${durability}`,
        calls: 1,
        prepare: () => makeTrees(files),
        run: (library) => library.replaceDirectory(at('staged'), at('tree'), { durability }),
      }),
    ),
  ]),
];

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  for (const name of ['one', 'other', 'file']) writeFileSync(at(name), data);
  process.stdout.write(`${'us a call, other -> this'.padEnd(40)}      wall                  CPU\n`);
  for (const cell of cells.filter(({ name }) => name.includes(only))) {
    const wall = libraries.map((): number[] => []);
    const cpu = libraries.map((): number[] => []);
    for (let round = -2; round < Number(rounds); round += 1) {
      for (let turn = 0; turn < libraries.length; turn += 1) {
        const index = (((round + turn) % 2) + 2) % 2;
        const library = libraries[index];
        if (library === undefined) continue;
        cell.prepare?.();
        const usage = process.cpuUsage();
        const begin = performance.now();
        await cell.run(library);
        const took = performance.now() - begin;
        const { user, system } = process.cpuUsage(usage);
        // In the first rounds the library inspects the filesystem.
        if (round < 0) continue;
        wall[index]?.push((took * 1000) / cell.calls);
        cpu[index]?.push((user + system) / cell.calls);
      }
    }
    const columns = [wall, cpu].map((times) => {
      const [other = Number.NaN, own = Number.NaN] = times.map(median);
      return `${other.toFixed(1).padStart(9)} -> ${own.toFixed(1).padEnd(9)} ${(own / other).toFixed(2)}`;
    });
    process.stdout.write(`${cell.name.padEnd(40)} ${columns.join('   ')}\n`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
