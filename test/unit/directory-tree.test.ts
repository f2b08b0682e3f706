import assert from 'node:assert/strict';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, it } from 'vitest';
import { loadAddon } from '../../src/addon/addon.js';
import type { FileSystemCalls, OpenDirectory } from '../../src/fs/file-system-calls.js';
import { NativeCalls } from '../../src/fs/native-calls.js';
import { plainCalls } from '../../src/fs/plain/plain-calls.js';
import { run, runSync, type Steps } from '../../src/fs/steps.js';
import { removeTree, syncTree } from '../../src/names/directory-tree.js';
import { nativeUnavailable } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';

const MEMORY = '/dev/shm';
/** Thousands of syncs would take minutes on a disk. */
const scratch = new ScratchDirectory(() => (existsSync(MEMORY) ? MEMORY : tmpdir()));

const backends: FileSystemCalls[] = [plainCalls];
if (nativeUnavailable === undefined) {
  const addon = loadAddon();
  backends.push(new NativeCalls(addon));
}

const forms: { name: string; drive: <T>(steps: Steps<T>) => Promise<T> }[] = [
  { name: 'asynchronously', drive: run },
  { name: 'synchronously', drive: async (steps) => runSync(steps) },
];

/** Makes nested directories whose names have that length. The innermost one holds a file. */
function makeDeep(levels: number, length: number): void {
  const home = process.cwd();
  process.chdir(scratch.path);
  try {
    mkdirSync('deep');
    process.chdir('deep');
    for (let level = 0; level < levels; level += 1) {
      mkdirSync('d'.repeat(length));
      process.chdir('d'.repeat(length));
    }
    writeFileSync('file', 'content');
  } finally {
    process.chdir(home);
  }
}

for (const calls of backends) {
  const native = calls.name === 'native';
  // Plain `fs` only takes whole paths, of at most 4096 bytes.
  const deepest = native ? { levels: 2000, length: 20 } : { levels: 1000, length: 2 };

  for (const { name, drive } of forms) {
    describe(`a tree of directories, with ${calls.name} calls, ${name}`, () => {
      function* inScratch<T>(steps: (parent: OpenDirectory) => Steps<T>): Steps<T> {
        const parent = yield* calls.openDirectory(Buffer.from(scratch.path));
        try {
          return yield* steps(parent);
        } finally {
          yield* calls.close(parent);
        }
      }
      const remove = (tree: string) =>
        drive(inScratch((parent) => removeTree(calls, parent, Buffer.from(tree))));
      const sync = (tree: string) => drive(inScratch((parent) => syncTree(calls, parent, Buffer.from(tree))));

      it('is removed however deep it is', async () => {
        makeDeep(deepest.levels, deepest.length);
        await remove('deep');
        assert.deepEqual(readdirSync(scratch.path), []);
      });

      it('is synced however deep it is', async () => {
        makeDeep(deepest.levels, deepest.length);
        assert.equal(await sync('deep'), 'durable');
        await remove('deep');
      });

      it('is open with a bounded number of descriptors at a time', async () => {
        makeDeep(200, 1);
        let open = 0;
        let most = 0;
        const counting = new Proxy(calls, {
          get(_, key) {
            if (key === 'openSubdirectory' || key === 'close') {
              open += key === 'close' ? -1 : 1;
              most = Math.max(most, open);
            }
            const value: unknown = Reflect.get(calls, key);
            return typeof value === 'function' ? value.bind(calls) : value;
          },
        });
        const deep = Buffer.from('deep');
        await drive(inScratch((parent) => syncTree(counting, parent, deep)));
        await drive(inScratch((parent) => removeTree(counting, parent, deep)));
        assert.ok(most > 10 && most < 50, `${most}`);
        assert.equal(open, 0);
        assert.deepEqual(readdirSync(scratch.path), []);
      });

      it('is removed with everything in it, many files at a time', async () => {
        mkdirSync(scratch.at('tree', 'empty'), { recursive: true });
        for (let index = 0; index < 600; index += 1) writeFileSync(scratch.at('tree', `${index}`), '');
        await remove('tree');
        assert.deepEqual(readdirSync(scratch.path), []);
      });

      it('keeps the targets of its symbolic links', async () => {
        mkdirSync(scratch.at('tree'));
        mkdirSync(scratch.at('precious'));
        writeFileSync(scratch.at('precious', 'file'), 'content');
        symlinkSync('../precious', scratch.at('tree', 'link'));
        symlinkSync('../missing', scratch.at('tree', 'dangling'));
        linkSync(scratch.at('precious', 'file'), scratch.at('tree', 'file'));
        assert.equal(await sync('tree'), 'durable');
        await remove('tree');
        assert.equal(readFileSync(scratch.at('precious', 'file'), 'utf8'), 'content');
        assert.equal(existsSync(scratch.at('tree')), false);
      });

      it('may be missing or be a file when it is removed', async () => {
        await remove('missing');
        writeFileSync(scratch.at('file'), '');
        await remove('file');
        assert.deepEqual(readdirSync(scratch.path), []);
      });
    });
  }
}
