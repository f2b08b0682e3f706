import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prebuildPath, targets } from '../../packaging/prebuild/targets.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

describe('the install script', () => {
  let root: string;

  /** Makes an installed package with the files that the script uses, and with the named packages beside it. */
  function installed(...packages: string[]) {
    for (const name of ['install.mjs', 'package.json', 'binding.gyp']) {
      copyFileSync(join(project, name), join(root, name));
    }
    mkdirSync(join(root, 'node_modules'));
    for (const name of packages) {
      // Windows allows links of this kind without privileges. Other systems ignore the kind.
      symlinkSync(join(project, 'node_modules', name), join(root, 'node_modules', name), 'junction');
    }
  }

  /** Runs the script with an empty PATH: without a compiler and without node-gyp. */
  function install(env: NodeJS.ProcessEnv = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['install.mjs'], {
      cwd: root,
      encoding: 'utf8',
      env: { SystemRoot: process.env.SystemRoot ?? '', PATH: '', ...env },
    });
    return { status, stdout, stderr };
  }

  function expectOneLine({ status, stdout, stderr }: ReturnType<typeof install>) {
    expect(status).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^indelible: [^\n]*; the portable engine serves instead \([^\n]*\)\.\n$/);
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'indelible-install-'));
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('prints in one line that there is no prebuild, and how to get the addon', () => {
    installed('node-gyp-build');
    const said = install();
    expectOneLine(said);
    expect(said.stderr).toContain(`no prebuilt addon for ${process.platform}-${process.arch}`);
    expect(said.stderr).toContain('install node-addon-api');
  });

  /** The arguments of node-gyp, recorded by a failing program in its place. */
  function nodeGypArguments(env: NodeJS.ProcessEnv = {}): string[] {
    installed('node-gyp-build', 'node-addon-api');
    const program = join(root, 'node-gyp.mjs');
    const code =
      "import { writeFileSync } from 'node:fs'; writeFileSync('arguments', process.argv.slice(2).join('\\n')); process.exit(1);";
    writeFileSync(program, code);
    expectOneLine(install({ npm_config_node_gyp: program, ...env }));
    return readFileSync(join(root, 'arguments'), 'utf8').split('\n');
  }

  test('compiles with the headers beside Node.js if they exist', () => {
    const prefix = dirname(dirname(realpathSync(process.execPath)));
    const there = existsSync(join(prefix, 'include/node/node_api.h'));
    expect(nodeGypArguments()).toEqual(['rebuild', ...(there ? [`--nodedir=${prefix}`] : [])]);
  });

  test('uses the headers that npm_config_nodedir names', () => {
    expect(nodeGypArguments({ npm_config_nodedir: root })).toEqual(['rebuild']);
  });

  test('prints in one line why it could not compile the addon', () => {
    installed('node-gyp-build', 'node-addon-api');
    const said = install();
    expectOneLine(said);
    expect(said.stderr).toContain('could not be compiled');
  });

  test('prints in one line why node-gyp has failed', () => {
    installed('node-gyp-build', 'node-addon-api');
    const nodeGyp = join(root, 'node-gyp.mjs');
    writeFileSync(
      nodeGyp,
      "console.error('gyp info it worked so far\\ngyp ERR! find Python\\ngyp ERR! stack Error: Could not find any Python\\n    at somewhere');process.exit(1)",
    );
    const said = install({ npm_config_node_gyp: nodeGyp });
    expectOneLine(said);
    expect(said.stderr).toContain('Could not find any Python');
  });

  test('prints in one line that a prebuild does not load', () => {
    installed('node-gyp-build');
    for (const target of targets) {
      if (target.platform !== process.platform || target.arch !== process.arch) continue;
      const file = join(root, 'prebuilds', prebuildPath(target));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, 'not an addon');
    }
    const said = install();
    expectOneLine(said);
    expect(said.stderr).toContain('does not load here');
  });

  test('prints nothing if the addon loads', () => {
    installed('node-gyp-build');
    mkdirSync(join(root, 'build/Release'), { recursive: true });
    // node-gyp-build does not check the content of the file.
    writeFileSync(join(root, 'build/Release/indelible.node'), '');
    writeFileSync(
      join(root, 'loads.cjs'),
      "require('module')._extensions['.node'] = (module) => { module.exports = {}; };",
    );
    expect(install({ NODE_OPTIONS: `--require ${join(root, 'loads.cjs')}` })).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });
});
