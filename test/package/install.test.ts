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

  /** The installed package, as far as the script looks at it, with these of the project's packages beside it. */
  function installed(...packages: string[]) {
    for (const name of ['install.mjs', 'package.json', 'binding.gyp']) {
      copyFileSync(join(project, name), join(root, name));
    }
    mkdirSync(join(root, 'node_modules'));
    for (const name of packages) {
      // Windows lets everybody make links of this kind, which the other systems ignore.
      symlinkSync(join(project, 'node_modules', name), join(root, 'node_modules', name), 'junction');
    }
  }

  /** Runs it with no program on the PATH: no compiler, no node-gyp. */
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

  test('says in one line that there is no prebuild, and how to get the addon', () => {
    installed('node-gyp-build');
    const said = install();
    expectOneLine(said);
    expect(said.stderr).toContain(`no prebuilt addon for ${process.platform}-${process.arch}`);
    expect(said.stderr).toContain('install node-addon-api');
  });

  /** What node-gyp is called with, by a program in its place that fails. */
  function nodeGypArguments(env: NodeJS.ProcessEnv = {}): string[] {
    installed('node-gyp-build', 'node-addon-api');
    const program = join(root, 'node-gyp.mjs');
    const code =
      "import { writeFileSync } from 'node:fs'; writeFileSync('arguments', process.argv.slice(2).join('\\n')); process.exit(1);";
    writeFileSync(program, code);
    expectOneLine(install({ npm_config_node_gyp: program, ...env }));
    return readFileSync(join(root, 'arguments'), 'utf8').split('\n');
  }

  test('compiles with the headers that stand beside Node.js, where there are some', () => {
    const prefix = dirname(dirname(realpathSync(process.execPath)));
    const there = existsSync(join(prefix, 'include/node/node_api.h'));
    expect(nodeGypArguments()).toEqual(['rebuild', ...(there ? [`--nodedir=${prefix}`] : [])]);
  });

  test('leaves the headers to whoever names others', () => {
    expect(nodeGypArguments({ npm_config_nodedir: root })).toEqual(['rebuild']);
  });

  test('says in one line why it could not compile the addon', () => {
    installed('node-gyp-build', 'node-addon-api');
    const said = install();
    expectOneLine(said);
    expect(said.stderr).toContain('could not be compiled');
  });

  test('says in one line what node-gyp has failed at', () => {
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

  test('says in one line that a prebuild does not load', () => {
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

  test('says nothing where the addon loads', () => {
    installed('node-gyp-build');
    mkdirSync(join(root, 'build/Release'), { recursive: true });
    // To node-gyp-build it is all the same what it loads.
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
