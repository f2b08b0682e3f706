// Compares two ways to make a new tree of files durable: syncfs(2), and fdatasync of each file and fsync of each
// directory. Rounds are interleaved. Prints medians in milliseconds and their ratio, by the number of files, without and
// with unrelated dirty data on the filesystem, which syncfs writes as well.
//   npm run bench:directory -- [directory] [rounds] [MiB of unrelated data]
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { syncfsSync } from 'indelible/primitives';

const [directory = '.', rounds = '5', mebibytes = '64'] = process.argv.slice(2);
const FILE_COUNTS = [1, 10, 100, 1000];
const FILES_IN_ONE_DIRECTORY = 20;
const content = Buffer.alloc(4096, 'x');
const place = mkdtempSync(join(directory, 'indelible-bench-'));

interface Tree {
  directories: string[];
  files: string[];
}

function makeTree(root: string, count: number): Tree {
  const tree: Tree = { directories: [root], files: [] };
  mkdirSync(root);
  for (let index = 0; index < count; index += 1) {
    const below = join(root, `${Math.floor(index / FILES_IN_ONE_DIRECTORY)}`);
    if (index % FILES_IN_ONE_DIRECTORY === 0) {
      mkdirSync(below);
      tree.directories.unshift(below);
    }
    const file = join(below, `${index}`);
    writeFileSync(file, content);
    tree.files.push(file);
  }
  return tree;
}

function opened(path: string, use: (descriptor: number) => void): void {
  const descriptor = openSync(path, 'r');
  use(descriptor);
  closeSync(descriptor);
}

const ways: { name: string; sync: (tree: Tree) => void }[] = [
  {
    name: 'each file',
    sync({ directories, files }) {
      for (const file of files) opened(file, fdatasyncSync);
      for (const each of directories) opened(each, fsyncSync);
    },
  },
  {
    name: 'syncfs',
    sync({ directories: [first = place] }) {
      opened(first, syncfsSync);
    },
  },
];

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  for (const unrelated of [0, Number(mebibytes)]) {
    for (const count of FILE_COUNTS) {
      const times = ways.map((): number[] => []);
      for (let round = 0; round < Number(rounds); round += 1) {
        for (const [index, { sync }] of ways.entries()) {
          opened(place, syncfsSync);
          if (unrelated > 0)
            writeFileSync(join(place, 'unrelated'), Buffer.alloc(unrelated * 1024 * 1024, 'y'));
          const tree = makeTree(join(place, 'tree'), count);
          const begin = performance.now();
          sync(tree);
          times[index]?.push(performance.now() - begin);
          rmSync(join(place, 'tree'), { recursive: true });
          rmSync(join(place, 'unrelated'), { force: true });
        }
      }
      const [each = Number.NaN, all = Number.NaN] = times.map(median);
      process.stdout.write(
        `${count} files, ${unrelated} MiB unrelated: each file ${each.toFixed(1)} ms, syncfs ${all.toFixed(1)} ms, ` +
          `ratio ${(each / all).toFixed(2)}\n`,
      );
    }
  }
} finally {
  rmSync(place, { recursive: true });
}
