import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, it } from 'vitest';
import { engines } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const scratch = new ScratchDirectory();

const IMPORT = ['--import', pathToFileURL(join(dist, 'register.js')).href];
const REQUIRE = ['--require', join(dist, 'register.cjs')];

/** What a program needs to tell how a file is written: one that is replaced is another file afterwards. */
const REPLACES = `
const fs = require('node:fs');
const open = (path) => { fs.closeSync(fs.openSync(path, 'w')); return fs.openSync(path, 'r'); };
async function isReplaced(path, write) {
  const old = open(path);
  await write(path);
  const replaced = fs.readFileSync(old, 'utf8') === '';
  fs.closeSync(old);
  return replaced && fs.readFileSync(path, 'utf8') === 'new';
}
`;

interface Run {
  options?: readonly string[];
  env?: NodeJS.ProcessEnv;
  module?: boolean;
}

/** Runs a program in the scratch directory, and returns the JSON that it prints. */
function run(code: string, { options = IMPORT, env = {}, module = false }: Run = {}): unknown {
  const name = module ? 'program.mjs' : 'program.cjs';
  writeFileSync(scratch.at(name), code);
  const { stdout, stderr } = spawnSync(process.execPath, [...options, name], {
    cwd: scratch.path,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

const FORMS = `(async () => console.log(JSON.stringify([
  await isReplaced('a', (path) => fs.writeFileSync(path, 'new')),
  await isReplaced('b', (path) => new Promise((resolve) => fs.writeFile(path, 'new', resolve))),
  await isReplaced('c', (path) => fs.promises.writeFile(path, 'new')),
  await isReplaced('d', (path) => require('fs/promises').writeFile(path, 'new')),
])))();`;

describe.each(engines)('a program with indelible/register (%s)', (engine) => {
  const env = { INDELIBLE_ENGINE: engine };

  it.each([
    ['--import', IMPORT],
    ['--require', REQUIRE],
    ['both', [...IMPORT, ...REQUIRE]],
  ])('saves with every function of fs that writes a whole file, with %s', (_, options) => {
    assert.deepEqual(run(REPLACES + FORMS, { options, env }), [true, true, true, true]);
  });

  it('replaces no file without it', () => {
    assert.deepEqual(run(REPLACES + FORMS, { options: [], env }), [false, false, false, false]);
  });

  it('does so in ES modules, which import the functions by name', () => {
    const imports = `
import { createRequire } from 'node:module';
import { writeFile, writeFileSync } from 'fs';
import { writeFile as writeFileAsPromise } from 'node:fs/promises';
const require = createRequire(import.meta.url);`;
    const forms = `
console.log(JSON.stringify([
  await isReplaced('a', (path) => writeFileSync(path, 'new')),
  await isReplaced('b', (path) => new Promise((resolve) => writeFile(path, 'new', resolve))),
  await isReplaced('c', (path) => writeFileAsPromise(path, 'new')),
]));`;
    assert.deepEqual(run(imports + REPLACES + forms, { module: true, env }), [true, true, true]);
  });

  it('does so in its worker threads', () => {
    const code = `${REPLACES}
const { Worker, isMainThread } = require('node:worker_threads');
if (isMainThread) new Worker(__filename);
else isReplaced('a', (path) => fs.writeFileSync(path, 'new')).then((is) => fs.writeSync(1, JSON.stringify(is)));`;
    assert.equal(run(code, { env }), true);
  });

  it('does so in the programs that it forks', () => {
    const code = `${REPLACES}
if (process.argv[2] !== 'child') require('node:child_process').fork(__filename, ['child']);
else isReplaced('a', (path) => fs.writeFileSync(path, 'new')).then((is) => fs.writeSync(1, JSON.stringify(is)));`;
    assert.equal(run(code, { env }), true);
  });

  it('leaves streams, descriptors and appended text to Node', () => {
    const code = `${REPLACES}
(async () => console.log(JSON.stringify([
  await isReplaced('a', (path) => new Promise((resolve) => fs.createWriteStream(path).end('new', resolve))),
  await isReplaced('b', (path) => fs.appendFileSync(path, 'new')),
  await isReplaced('c', (path) => { const fd = fs.openSync(path, 'w'); fs.writeFileSync(fd, 'new'); fs.closeSync(fd); }),
])))();`;
    assert.deepEqual(run(code, { env }), [false, false, false]);
  });
});

describe('indelible/register', () => {
  it('leaves the paths in INDELIBLE_REGISTER_EXCLUDE, and all below them, to Node', () => {
    for (const name of ['below', 'beside', 'below-not']) mkdirSync(scratch.at(name));
    const paths = ['below/file', './beside/../below/other', 'file', 'below-not/file', 'beside/file'];
    const code = `${REPLACES}
(async () => {
  const replaced = [];
  for (const path of ${JSON.stringify(paths)}) {
    replaced.push(await isReplaced(path, (path) => fs.writeFileSync(path, 'new')));
    replaced.push(await isReplaced(path, (path) => fs.promises.writeFile(Buffer.from(path), 'new')));
  }
  console.log(JSON.stringify(replaced));
})();`;
    const excluded = ['below', scratch.at('file'), ''].join(delimiter);
    assert.deepEqual(run(code, { env: { INDELIBLE_REGISTER_EXCLUDE: excluded } }), [
      ...[false, false, false, false, false, false],
      ...[true, true, true, true],
    ]);
  });

  const DURABILITY = `
const asked = [];
require('node:diagnostics_channel').subscribe('indelible:save:start', ({ durability }) => asked.push(durability));
const fs = require('node:fs');
fs.writeFileSync('a', 'new');
fs.writeFileSync('a', 'new', { flush: true });
fs.writeFileSync('a', 'new', { flush: false });
console.log(JSON.stringify(asked));`;

  it('saves durably, unless flush is false', () => {
    assert.deepEqual(run(DURABILITY), ['durable', 'durable', 'none']);
  });

  it('saves with INDELIBLE_REGISTER_DURABILITY where flush is not given', () => {
    const env = { INDELIBLE_REGISTER_DURABILITY: 'ordered' };
    assert.deepEqual(run(DURABILITY, { env }), ['ordered', 'durable', 'none']);
  });

  it('refuses a durability that does not exist', () => {
    const { stderr, status } = spawnSync(process.execPath, [...IMPORT, '--eval', '0'], {
      env: { ...process.env, INDELIBLE_REGISTER_DURABILITY: 'eternal' },
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stderr, /ERR_INVALID_ARG_VALUE/);
    assert.match(stderr, /INDELIBLE_REGISTER_DURABILITY environment variable must be 'durable'/);
  });
});
