import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleLibrary, type LibraryBundle } from '../../packaging/distribution/library-bundle.js';
import * as index from '../../src/index.js';
import * as primitives from '../../src/primitives.js';
import { engines } from '../engines.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const sources = { index, primitives };

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'indelible-loading-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs code as a program of its own, in CommonJS, since Node.js loads more for others. Returns the JSON that it prints. */
function run(code: string, env: NodeJS.ProcessEnv = {}): unknown {
  const program = join(directory, 'program.js');
  writeFileSync(
    program,
    `require = require('node:module').createRequire(${JSON.stringify(join(project, 'package.json'))});
const print = (value) => require('node:fs').writeSync(1, JSON.stringify(value));
(async () => {
${code}
})();`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, [program], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('both formats', () => {
  test.each(['index', 'primitives'] as const)(
    'export the values of src/%s.ts, and the same ones',
    (entry) => {
      const name = entry === 'index' ? 'indelible' : 'indelible/primitives';
      const same = run(`
const es = await import(require('node:url').pathToFileURL('dist/${entry}.js'));
const commonJs = require('${name}');
print(Object.keys(commonJs).sort().map((name) => [name, typeof es[name], es[name] === commonJs[name]]));`);
      const expected = Object.entries(sources[entry]).map(([key, value]) => [key, typeof value, true]);
      expect(same).toEqual(expected.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
    },
  );

  test('export the same names to an ES module', () => {
    const names = run(
      "print(Object.keys(await import(require('node:url').pathToFileURL('dist/index.js'))).sort());",
    );
    expect(names).toEqual(Object.keys(index).sort());
  });
});

describe('a program that requires the package', () => {
  const LOOK = `
const before = new Set(process.moduleLoadList);
const library = require('indelible');
const loaded = () => ({
  node: process.moduleLoadList.filter((name) => !before.has(name)).map((name) => name.replace('NativeModule ', '')),
  files: Object.keys(require.cache).flatMap((path) => /[^\\\\/]+\\.cjs$/.exec(path) ?? []).sort(),
});`;
  const file = () => JSON.stringify(join(directory, 'file'));
  const SOME_CALLS = [
    'stream',
    'crypto',
    'worker_threads',
    'perf_hooks',
    'child_process',
    'timers/promises',
    'zlib',
    'net',
  ];

  function expectLittle(loaded: unknown) {
    const { node, files } = loaded as { node: string[]; files: string[] };
    expect(files).toEqual(['index.cjs', 'library.cjs']);
    expect(node.filter((name) => SOME_CALLS.includes(name))).toEqual([]);
  }

  test('loads nothing that only some calls need', () => {
    expectLittle(run(`${LOOK} print(loaded());`));
  });

  if (engines.includes('native')) {
    test('still loads nothing of it when the native engine saves', () => {
      const save = `library.saveSync(${file()}, 'content'); await library.save(${file()}, 'content');`;
      expectLittle(run(`${LOOK} ${save} print(loaded());`, { INDELIBLE_ENGINE: 'native' }));
    });
  }

  test('loads the rest when it inspects, and the streams when it makes a stream', () => {
    const calls = `
library.inspectSync('.');
const inspected = loaded();
library.createSaveStream(${file()}).destroy();
print([inspected.files, loaded().files, loaded().node.includes('stream')]);`;
    const [inspected, streaming, hasStreams] = run(`${LOOK} ${calls}`) as unknown[];
    expect(inspected).toEqual(['index.cjs', 'library.cjs', 'more.cjs']);
    expect(streaming).toEqual(['index.cjs', 'library.cjs', 'more.cjs', 'stream.cjs']);
    expect(hasStreams).toBe(true);
  });
});

describe('the files of the library', () => {
  let bundle: LibraryBundle;

  beforeAll(async () => {
    bundle = await bundleLibrary(project, ['engine/select', 'api/portable-save']);
  });

  test('have each module once', () => {
    const all = [...bundle.modules.values()].flat();
    expect(all).toContain('engine/native/native-engine');
    expect(all.length).toBe(new Set(all).size);
  });

  test('are refused by the library of another version, which a running program may have loaded', () => {
    const require = createRequire(import.meta.url);
    for (const name of ['compat.cjs', 'more.cjs', 'stream.cjs']) {
      const load = require(join(project, 'dist', name)) as (library: object) => object;
      expect(() => load({ 'base/version': { version: '9.9.9' } }), name).toThrow(
        /replaced by another version/,
      );
    }
  });

  test('require nothing but one another, and Node.js by names that bundlers do not replace', () => {
    for (const [name, code] of bundle.files) {
      const required = [...code.matchAll(/(?<![\w.])require\(([^)]*)\)/g)].map(([, argument]) => argument);
      expect(required.sort(), name).toEqual(
        name === 'library.cjs' ? ['"./compat.cjs"', '"./more.cjs"', '"./stream.cjs"'] : [],
      );
    }
  });
});
