import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();
const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

describe('two copies of the library in one thread', () => {
  let bundles = '';
  let paths: string[] = [];

  beforeAll(async () => {
    // The bundles are as deep below the package as its own files, since the library looks for the addon
    // relative to its own file.
    bundles = mkdtempSync(join(root, 'build/copies-'));
    paths = [join(bundles, 'one.mjs'), join(bundles, 'other.cjs')];
    for (const [index, format] of (['esm', 'cjs'] as const).entries()) {
      await build({
        entryPoints: [join(root, 'dist/index.js')],
        outfile: paths[index] ?? '',
        format,
        bundle: true,
        platform: 'node',
        packages: 'external',
        logLevel: 'error',
      });
    }
  });

  afterAll(() => {
    rmSync(bundles, { recursive: true, force: true });
  });

  async function run(task: string): Promise<unknown> {
    const program = startProgram('two-copies.mjs', [task, scratch.path, ...paths]);
    const { code, stdout, stderr } = await ended(program);
    assert.equal(code, 0, stderr);
    assert.deepEqual(scratch.temporaries(), []);
    return JSON.parse(stdout);
  }

  const contentOf = (name: string) => readFileSync(scratch.at(name), 'utf8');

  it('both settle their first saves, with the same durability', async () => {
    const [one, other] = (await run('firstSaves')) as unknown[];
    assert.deepEqual(one, other);
    assert.deepEqual([contentOf('0'), contentOf('1')], ['content 0', 'content 1']);
  });

  it('publish saves to one path in the order of the calls', async () => {
    await run('order');
    assert.equal(contentOf('file'), 'version 199');
  });

  it('publish a saveSync after the saves that the other copy called before', async () => {
    await run('synchronous');
    assert.equal(contentOf('file'), 'after');
  });

  it('stream, coalesce and update at once without mixing their files or losing an update', async () => {
    await run('everything');
    const lines = (index: number) => Array.from({ length: 50 }, (_, chunk) => `${index}:${chunk}\n`).join('');
    assert.deepEqual([contentOf('stream-0'), contentOf('stream-1')], [lines(0), lines(1)]);
    assert.deepEqual([contentOf('saver-0'), contentOf('saver-1')], ['0:49', '1:49']);
    assert.equal(contentOf('counter'), '50');
  });

  it('run updates of one file in the order of the calls', async () => {
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    assert.deepEqual(await run('updateOrder'), numbers);
  });

  it('refuse an updateSync while the other copy is updating the file', async () => {
    assert.equal(await run('updateSync'), 'ERR_INDELIBLE_LOCKED');
    assert.equal(contentOf('file'), 'held');
  });

  it('keep working when the modules are loaded again while saves are pending', async () => {
    assert.equal(await run('reset'), 105);
    assert.equal(contentOf('file'), 'round 4');
    assert.equal(readdirSync(scratch.path).length, 101);
  });

  it('work correctly if they are of different versions', async () => {
    const other = join(bundles, 'other-version');
    mkdirSync(join(other, 'build'), { recursive: true });
    cpSync(join(root, 'dist'), join(other, 'dist'), { recursive: true });
    if (existsSync(join(root, 'build/Release/indelible.node')))
      cpSync(join(root, 'build/Release/indelible.node'), join(other, 'build/Release/indelible.node'));
    symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'));
    for (const file of ['package.json', 'dist/library.cjs', 'dist/more.cjs', 'dist/stream.cjs']) {
      const text = readFileSync(join(root, file), 'utf8');
      writeFileSync(join(other, file), text.replace(manifest.version, '9.9.9'));
    }
    const [one = ''] = paths;
    const program = startProgram('two-versions.mjs', [scratch.path, one, join(other, 'dist/index.js')]);
    const { code, stdout, stderr } = await ended(program);
    assert.equal(code, 0, stderr);
    const [own, others] = JSON.parse(stdout);
    assert.deepEqual(own, others);
    assert.match(contentOf('shared'), /^(one|other){500}$/);
    assert.equal(contentOf('counter'), '20');
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('never give two saves the same number in events', async () => {
    assert.equal(await run('observed'), 4);
  });
});

describe('the ES and the CommonJS entry of the package in one process', () => {
  const entries = ['dist/index.js', 'dist/index.cjs'].map((name) => join(root, name));

  async function run(task: string): Promise<unknown> {
    const { code, stdout, stderr } = await ended(
      startProgram('two-copies.mjs', [task, scratch.path, ...entries]),
    );
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  }

  it('publish saves to one path in the order of the calls', async () => {
    await run('order');
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'version 199');
  });

  it('share what is decided about a filesystem', async () => {
    const [one, other] = (await run('firstSaves')) as unknown[];
    assert.deepEqual(one, other);
  });
});
