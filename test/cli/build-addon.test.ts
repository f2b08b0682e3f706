import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
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
import { nativeUnavailable } from '../engines.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const compiled = join(project, 'build/Release/indelible.node');

describe('the package without a prebuild', () => {
  let root: string;

  /** Makes an installed package without prebuilds, and with the named packages beside it. */
  function installed(...packages: string[]) {
    copyFileSync(join(project, 'package.json'), join(root, 'package.json'));
    cpSync(join(project, 'dist'), join(root, 'dist'), { recursive: true });
    mkdirSync(join(root, 'node_modules'));
    for (const name of ['node-gyp-build', ...packages]) {
      // Windows allows links of this kind without privileges. Other systems ignore the kind.
      symlinkSync(join(project, 'node_modules', name), join(root, 'node_modules', name), 'junction');
    }
  }

  /** Runs the command with an empty PATH: without a compiler. */
  function run(args: string[], env: NodeJS.ProcessEnv = {}) {
    mkdirSync(join(root, 'temporary'), { recursive: true });
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'dist/cli/main.js'), ...args],
      {
        cwd: root,
        encoding: 'utf8',
        env: {
          SystemRoot: process.env.SystemRoot ?? '',
          PATH: '',
          TMPDIR: join(root, 'temporary'),
          TEMP: join(root, 'temporary'),
          ...env,
        },
      },
    );
    return { status, stdout, stderr };
  }

  /** Runs build-addon with a program in the place of node-gyp. */
  function build(program: string, env: NodeJS.ProcessEnv = {}, ...options: string[]) {
    installed('node-addon-api');
    const nodeGyp = join(root, 'node-gyp.mjs');
    writeFileSync(nodeGyp, program);
    return run(['build-addon', ...options], { npm_config_node_gyp: nodeGyp, ...env });
  }

  function expectFailure({ status, stdout, stderr }: ReturnType<typeof run>, reason: string) {
    expect(stderr).toMatch(/^indelible: [^\n]*\n$/);
    expect(stderr).toContain(reason);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(readdirSync(join(root, 'temporary'))).toEqual([]);
    expect(existsSync(join(root, 'build'))).toBe(false);
  }

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'indelible-build-')));
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('inspect says once that there is no addon, and how to compile it', () => {
    installed();
    const { status, stdout, stderr } = run(['inspect', '.', 'dist']);
    expect(stderr).toMatch(
      /^indelible: the portable engine is used, [^\n]*npx indelible build-addon[^\n]*\n$/,
    );
    expect(stderr).toContain(`platform=${process.platform} arch=${process.arch}`);
    expect(stdout).toContain('durable');
    expect(status).toBe(0);
  });

  test('inspect says nothing of it where the portable engine is asked for', () => {
    installed();
    expect(run(['inspect'], { INDELIBLE_ENGINE: 'portable' }).stderr).toBe('');
  });

  test('other commands say nothing of it', () => {
    installed();
    expect(run(['sweep', '.'])).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('build-addon says that node-addon-api is missing', () => {
    installed();
    expectFailure(
      run(['build-addon']),
      'node-addon-api is not installed: npm install --save-dev node-addon-api',
    );
  });

  test('build-addon says that node-gyp is missing', () => {
    installed('node-addon-api');
    expectFailure(run(['build-addon']), 'node-gyp is not installed: npm install --save-dev node-gyp');
  });

  test('build-addon says why node-gyp has failed', () => {
    const said = build(
      "console.error('gyp info it worked so far\\ngyp ERR! find Python\\ngyp ERR! stack Error: Could not find any Python\\n    at somewhere');process.exit(1)",
    );
    expectFailure(said, 'Could not find any Python');
  });

  test('build-addon --verbose prints the output of node-gyp', () => {
    const { stderr } = build("console.error('gyp info it worked so far'); process.exit(1)", {}, '--verbose');
    expect(stderr).toContain('gyp info it worked so far\n');
  });

  test('build-addon does not keep an addon that does not load', () => {
    const said = build(
      "import { mkdirSync, writeFileSync } from 'node:fs'; mkdirSync('build/Release', { recursive: true }); writeFileSync('build/Release/indelible.node', 'not an addon');",
    );
    expectFailure(said, 'the compiled addon does not load');
  });

  /** The arguments of node-gyp, recorded by a failing program in its place. */
  function nodeGypArguments(env: NodeJS.ProcessEnv = {}): string[] {
    const file = join(root, 'arguments');
    const code = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(file)}, process.argv.slice(2).join('\\n')); process.exit(1);`;
    build(code, env);
    return readFileSync(file, 'utf8').split('\n');
  }

  test('build-addon compiles with the headers beside Node.js if they exist', () => {
    const prefix = dirname(dirname(realpathSync(process.execPath)));
    const there = existsSync(join(prefix, 'include/node/node_api.h'));
    expect(nodeGypArguments()).toEqual(['rebuild', ...(there ? [`--nodedir=${prefix}`] : [])]);
  });

  test('build-addon uses the headers that npm_config_nodedir names', () => {
    expect(nodeGypArguments({ npm_config_nodedir: root })).toEqual(['rebuild']);
  });

  // Needs a compiled addon.
  if (nativeUnavailable === undefined) {
    test('build-addon compiles the sources of the package, and the native engine is used from then on', () => {
      const list = join(root, 'list');
      const said = build(`import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
const require = createRequire(process.cwd() + '/binding.gyp');
const sources = readFileSync('binding.gyp', 'utf8').match(/native[^"]*[.]cc/g);
for (const name of sources) readFileSync(name);
writeFileSync(${JSON.stringify(list)}, sources.length + require('node-addon-api').include_dir);
mkdirSync('build/Release', { recursive: true });
copyFileSync(${JSON.stringify(compiled)}, 'build/Release/indelible.node');`);
      const path = join(root, 'build/Release/indelible.node');
      expect(said).toEqual({ status: 0, stdout: `${path}\n`, stderr: '' });
      expect(readFileSync(path).equals(readFileSync(compiled))).toBe(true);
      expect(readFileSync(list, 'utf8')).toMatch(/^\d\d/);
      expect(readdirSync(join(root, 'temporary'))).toEqual([]);
      expect(run(['inspect'], { INDELIBLE_ENGINE: 'native' })).toMatchObject({ status: 0, stderr: '' });
    });
  }
});
