import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleLibrary } from '../../packaging/distribution/library-bundle.js';
import { version } from '../../src/base/version.js';
import { nativeUnavailable } from '../engines.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

test('the version in the code is that of package.json', () => {
  expect(version).toBe(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).version);
});

describe.each(['cjs', 'esm'] as const)('code that a bundler has moved out of its package, %s', (format) => {
  let library: Map<string, string>;
  let app: string;
  /** Has the program that is started, which has nothing of the app beside it. */
  let elsewhere: string;

  beforeAll(async () => {
    library = (await bundleLibrary(project, [])).files;
  });

  beforeEach(async () => {
    // As in a macOS or a Windows user's folder.
    app = mkdtempSync(join(tmpdir(), 'indelible bundle-'));
    mkdirSync(join(app, 'out'));
    for (const [name, code] of library) writeFileSync(join(app, name), code);
    // Prints the value that a stand-in for node-gyp-build returns.
    writeFileSync(
      join(app, 'main.js'),
      `import library from './library.cjs'; console.log(JSON.stringify(library['addon/addon'].loadAddon()));`,
    );
    await build({
      entryPoints: [join(app, 'main.js')],
      outfile: join(app, 'out/bundle.js'),
      format,
      bundle: true,
      platform: 'node',
      logLevel: 'error',
    });
    const type = format === 'esm' ? 'module' : 'commonjs';
    writeFileSync(join(app, 'package.json'), `{ "type": "${type}" }`);
    elsewhere = mkdtempSync(join(tmpdir(), 'indelible-program-'));
    const bundle = pathToFileURL(join(app, 'out/bundle.js')).href;
    writeFileSync(join(elsewhere, 'start.mjs'), `await import(${JSON.stringify(bundle)});`);
  });

  afterEach(() => {
    for (const directory of [app, elsewhere]) rmSync(directory, { recursive: true, force: true });
  });

  function installPackage(manifest: object) {
    const installed = join(app, 'node_modules/indelible');
    mkdirSync(join(installed, 'node_modules/node-gyp-build'), { recursive: true });
    writeFileSync(join(installed, 'package.json'), JSON.stringify(manifest));
    writeFileSync(
      join(installed, 'node_modules/node-gyp-build/index.js'),
      'module.exports = (root) => ({ root });',
    );
    return installed;
  }

  function run() {
    const { stdout, stderr } = spawnSync(process.execPath, [join(elsewhere, 'start.mjs')], {
      encoding: 'utf8',
    });
    return stdout + stderr;
  }

  test('loads the addon of the installed package', () => {
    const installed = installPackage({ name: 'indelible', version });
    expect(JSON.parse(run())).toEqual({ root: installed });
  });

  test('refuses the addon of another version', () => {
    installPackage({ name: 'indelible', version: '99.0.0' });
    expect(run()).toContain(`is not version ${version}`);
  });

  test('has no addon if the package is not installed', () => {
    expect(run()).toContain("Cannot find module 'indelible/package.json'");
  });

  // Needs a compiled addon.
  if (nativeUnavailable === undefined && process.platform === 'linux') {
    test('loads the prebuild for musl if the one for glibc does not load', () => {
      const installed = installPackage({ name: 'indelible', version });
      writeFileSync(
        join(installed, 'node_modules/node-gyp-build/index.js'),
        "module.exports = () => { throw new Error('not for this system'); };",
      );
      expect(run()).toContain('not for this system');
      const directory = join(installed, `prebuilds/linux-${process.arch}`);
      mkdirSync(directory, { recursive: true });
      const addon = join(project, 'build/Release/indelible.node');
      symlinkSync(addon, join(directory, 'indelible.musl.node'));
      expect(run()).toContain('{"wire":');
    });
  }
});
