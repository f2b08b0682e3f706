import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { version } from '../../src/base/version.js';
import { nativeUnavailable } from '../engines.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

test('the version in the code is that of package.json', () => {
  expect(version).toBe(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).version);
});

describe('code that a bundler has moved out of its package', () => {
  let app: string;

  beforeEach(() => {
    app = mkdtempSync(join(tmpdir(), 'indelible-bundle-'));
    cpSync(join(project, 'dist'), join(app, 'out'), { recursive: true });
    writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
    // Prints the value that a stand-in for node-gyp-build returns.
    writeFileSync(
      join(app, 'main.js'),
      "import { loadAddon } from './out/addon/addon.js'; console.log(JSON.stringify(loadAddon()));",
    );
  });

  afterEach(() => rmSync(app, { recursive: true, force: true }));

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
    const { stdout, stderr } = spawnSync(process.execPath, ['main.js'], { cwd: app, encoding: 'utf8' });
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
