import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { packagesIn } from '../../packaging/distribution/bundled-packages.js';
import { bundleCommand, type CommandBundle } from '../../packaging/distribution/command-bundle.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(project, 'dist/cli');

describe('the command in one file', () => {
  let bundle: CommandBundle;

  beforeAll(async () => {
    bundle = await bundleCommand(project);
  });

  test('is the file in dist/', () => {
    expect(readFileSync(join(folder, 'main.js')).equals(Buffer.from(bundle.code))).toBe(true);
  });

  test('imports only modules of Node.js and the library beside it', () => {
    const others = new Set(bundle.imports.filter((name) => !isBuiltin(name)));
    expect([...others]).toEqual(['../library.cjs']);
    expect(existsSync(join(folder, '../library.cjs'))).toBe(true);
  });

  test('contains no module of the library, which would be a second engine', () => {
    expect(bundle.modules).toContain('src/cli/main.ts');
    const library = bundle.modules.filter((name) => !/^(src\/cli|bench\/(measure|report))\//.test(name));
    // These take the module from the library.
    expect(library).toEqual(library.filter((name) => name.startsWith('library:')));
  });

  test('has no other module beside it', () => {
    expect(readdirSync(folder).sort()).toEqual(['LICENSES.txt', 'main.js']);
  });

  test('has the licence of each bundled package beside it', () => {
    const text = readFileSync(join(folder, 'LICENSES.txt'), 'utf8');
    expect(bundle.packages.map(({ name }) => name)).toEqual(['commander', 'markdown-table', 'tinybench']);
    for (const { name, version, license } of bundle.packages) {
      expect(license).toMatch(/Permission is hereby granted/);
      expect(text).toContain(`${name} ${version}\n\n${license}`);
    }
  });

  test.skipIf(process.platform === 'win32')('can be started as a program', () => {
    expect(readFileSync(join(folder, 'main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(statSync(join(folder, 'main.js')).mode & 0o777).toBe(0o755);
  });
});

test('a package without a licence file is not bundled', () => {
  const root = mkdtempSync(join(tmpdir(), 'indelible-licence-'));
  try {
    const library = join(root, 'node_modules/@of/library');
    mkdirSync(library, { recursive: true });
    writeFileSync(join(library, 'package.json'), '{ "name": "@of/library", "version": "1.0.0" }');
    const files = ['node_modules/@of/library/index.js', 'src/main.ts'];
    expect(() => packagesIn(root, files)).toThrow(/@of\/library has no licence file/);
    writeFileSync(join(library, 'LICENCE.md'), 'As you like.\n');
    expect(packagesIn(root, files)).toEqual([
      { name: '@of/library', version: '1.0.0', license: 'As you like.' },
    ]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
