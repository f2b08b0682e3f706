/**
 * Uses the packed package as its users do: with TypeScript and each of its module resolutions, with `require`, and with
 * bundlers. Also checks it with publint and Are The Types Wrong.
 *
 *     npm run test:consumers
 *
 * First installs the tools below packaging/consumers/. Prints a table. Fails if a check fails.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks, expect } from './checks.js';
import { EmptyProject, pack } from './packed.js';
import { outputOf, projectRoot } from './run.js';

const TYPED = `
import { type Saved, SaveAllError, Saver, createSaveStream, inspect, save, saveAll, saveSync } from 'indelible';
import { fdatasync } from 'indelible/primitives';
import type { Contender } from 'indelible/contender';

export async function use(): Promise<Saved> {
  await using saver = new Saver('state');
  await saver.save('text');
  createSaveStream('file', { durability: 'ordered' }).end('text');
  const filesystem = await inspect('.');
  const names: string[] = filesystem.warnings.map(({ code }) => code);
  await saveAll([{ path: 'a', data: new Uint8Array() }]).catch((error: unknown) => {
    if (error instanceof SaveAllError) names.push(error.message);
  });
  await fdatasync(0);
  saveSync('file', names.join());
  // @ts-expect-error: there is no such durability
  await save('file', 'text', { durability: 'eternal' });
  return save('file', 'text', { mode: 0o600, ifExists: 'fail' });
}
export type C = Contender;
`;
const TYPED_COMMONJS = `
import indelible = require('indelible');
export const saved: Promise<indelible.Saved> = indelible.save('file', 'text');
`;
const APP = `
import { saveSync } from 'indelible';
saveSync(process.argv[2], 'text');
console.log('saved');
`;
const directory = join(projectRoot, 'packaging/consumers');
const packages = join(directory, 'node_modules');
const tool = (name: string) => join(packages, '.bin', name);

if (!existsSync(join(packages, '.package-lock.json'))) {
  mkdirSync(packages, { recursive: true });
  outputOf('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: directory });
}

const scratch = mkdtempSync(join(tmpdir(), 'indelible-consumers-'));
const checks = new Checks();
try {
  const packed = pack(scratch);
  const project = new EmptyProject(join(scratch, 'app'));
  project.install([packed.tarball], '--ignore-scripts');
  for (const [name, code] of [
    ['typed.ts', TYPED],
    ['typed.cts', TYPED_COMMONJS],
    ['app.js', APP],
  ] as const) {
    writeFileSync(join(project.directory, name), code);
  }
  mkdirSync(join(project.directory, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types']) {
    symlinkSync(join(packages, name), join(project.directory, 'node_modules', name));
  }
  const inProject = {
    cwd: project.directory,
    stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
  };

  await checks.run('publint finds nothing', () => {
    outputOf(tool('publint'), ['run', packed.tarball, '--strict'], inProject);
    return undefined;
  });
  await checks.run('Are The Types Wrong finds nothing', () => {
    outputOf(tool('attw'), [packed.tarball, '--profile', 'node16', '--no-emoji'], inProject);
    return undefined;
  });

  const compile = (module: string, resolution: string, ...files: string[]) => {
    const options = ['--module', module, '--moduleResolution', resolution, '--target', 'es2022'];
    const strict = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--exactOptionalPropertyTypes'];
    const libraries = ['--lib', 'es2022,esnext.disposable', '--types', 'node'];
    const { status, stdout } = spawnSync(tool('tsc'), [...options, ...strict, ...libraries, ...files], {
      cwd: project.directory,
      encoding: 'utf8',
    });
    expect(status === 0, stdout);
    return undefined;
  };
  for (const [module, resolution] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    await checks.run(`TypeScript, moduleResolution ${resolution}: import`, () =>
      compile(module, resolution, 'typed.ts'),
    );
  }
  await checks.run('TypeScript, moduleResolution nodenext: require', () =>
    compile('nodenext', 'nodenext', 'typed.cts'),
  );

  await checks.run('require, with nothing on standard error', () => {
    writeFileSync(
      join(project.directory, 'require.cjs'),
      APP.replace(/import (.*) from (.*);/, 'const $1 = require($2);'),
    );
    const { stdout, stderr } = spawnSync(process.execPath, ['require.cjs', 'file'], {
      cwd: project.directory,
      encoding: 'utf8',
    });
    expect(stdout === 'saved\n' && stderr === '', stdout + stderr);
    return process.version;
  });

  for (const [format, file] of [
    ['esm', 'bundle.mjs'],
    ['cjs', 'bundle.cjs'],
  ] as const) {
    const built = join(project.directory, 'built', file);
    const run = (bundle: string, engine: string) => {
      const { stdout, stderr } = spawnSync(process.execPath, [bundle, join(scratch, 'file')], {
        cwd: scratch,
        encoding: 'utf8',
        env: { ...process.env, INDELIBLE_ENGINE: engine },
      });
      return stdout + stderr;
    };
    await checks.run(`a bundle of esbuild, ${format}: finds the addon of the installed package`, () => {
      const options = [
        '--bundle',
        '--platform=node',
        `--format=${format}`,
        '--log-level=error',
        `--outfile=${built}`,
      ];
      outputOf(tool('esbuild'), ['app.js', ...options], inProject);
      const printed = run(built, 'native');
      expect(printed === 'saved\n', printed);
      return undefined;
    });
    await checks.run(`a bundle of esbuild, ${format}, alone: the portable engine is used`, () => {
      const alone = join(scratch, 'alone', file);
      cpSync(built, alone);
      const printed = run(alone, '');
      expect(printed === 'saved\n', printed);
      const forced = run(alone, 'native');
      expect(forced.includes('ERR_INDELIBLE_UNSUPPORTED'), `with native forced: ${forced}`);
      return undefined;
    });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
checks.finish();
