import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pack } from '../../packaging/packed.js';
import { outputOf, projectRoot } from '../../packaging/run.js';
import { APPLICATIONS, type Application, type Form } from './table.js';

const sources = join(projectRoot, 'test/applications');
const installations = join(projectRoot, 'build/applications');
const NPM_OPTIONS = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];

/** Where the applications are installed in one form. */
export function installationOf(form: Form): string {
  return join(installations, form);
}

/**
 * Installs the applications twice. Those of the registry are installed again only after the lock file has
 * changed; this package, packed, takes the place of their writers every time.
 */
export function install(): void {
  const [original, replaced] = [installationOf('original'), installationOf('replaced')];
  const lock = readFileSync(join(sources, 'package-lock.json'), 'utf8');
  const lockInstalled = join(original, 'installed-lock.json');
  if (!existsSync(lockInstalled) || readFileSync(lockInstalled, 'utf8') !== lock) {
    rmSync(original, { recursive: true, force: true });
    mkdirSync(original, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      cpSync(join(sources, file), join(original, file));
    outputOf('npm', ['ci', ...NPM_OPTIONS], { cwd: original });
    writeFileSync(lockInstalled, lock);
  }
  rmSync(replaced, { recursive: true, force: true });
  outputOf('cp', ['-a', original, replaced]);
  replaceWriters(replaced);
  for (const directory of [original, replaced]) {
    rmSync(join(directory, 'programs'), { recursive: true, force: true });
    cpSync(join(sources, 'programs'), join(directory, 'programs'), { recursive: true });
  }
}

/** npm keeps a copy deeper in the tree, in spite of `overrides`, if it is newer. */
const NEWEST = '99.0.0';

/** As docs/migrating.md says. */
function replaceWriters(directory: string): void {
  const { tarball } = pack(directory);
  const manifestFile = join(directory, 'package.json');
  const manifest: { dependencies: Record<string, string>; overrides?: Record<string, string> } = JSON.parse(
    readFileSync(manifestFile, 'utf8'),
  );
  manifest.dependencies.indelible = `file:${tarball}`;
  manifest.overrides = {};
  for (const name of new Set(APPLICATIONS.flatMap(({ overrides = [] }) => overrides))) {
    const folder = join(directory, 'overrides', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: NEWEST }));
    writeFileSync(join(folder, 'index.js'), `module.exports = require('indelible/${name}');\n`);
    manifest.dependencies[name] = `file:./overrides/${name}`;
    manifest.overrides[name] = `$${name}`;
  }
  writeFileSync(manifestFile, JSON.stringify(manifest, null, 2));
  outputOf('npm', ['install', ...NPM_OPTIONS], { cwd: directory });
  // The addon that was tested, whether or not it was prebuilt.
  cpSync(
    join(projectRoot, 'build/Release/indelible.node'),
    join(directory, 'node_modules/indelible/build/Release/indelible.node'),
  );
}

/** One of `programs/`, run in an installation. */
export interface Run {
  form: Form;
  /** Those that it uses. In the replaced form, one of them may need `register`. */
  applications: readonly Application[];
  program: string;
  args: readonly string[];
  /** Where the path of each save by this package is appended. */
  trace?: string;
}

/** Starts a program. Its standard output is a pipe. */
export function start({ form, applications, program, args, trace }: Run) {
  const register = form === 'replaced' && applications.some(({ register }) => register === true);
  const preloaded = [
    ...(trace === undefined ? [] : ['./programs/trace.mjs']),
    ...(register ? ['indelible/register'] : []),
  ];
  return spawn(
    process.execPath,
    [...preloaded.flatMap((module) => ['--import', module]), `programs/${program}`, ...args],
    {
      cwd: installationOf(form),
      env: {
        ...process.env,
        INDELIBLE_ENGINE: 'native',
        ...(trace !== undefined && { INDELIBLE_TRACE: trace }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
}

/**
 * Runs a program to its end.
 *
 * @returns what it has printed, parsed as JSON.
 * @throws with its output if it fails.
 */
export async function resultOf(run: Run): Promise<unknown> {
  const child = start(run);
  const [printed, complained, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ]);
  if (status !== 0)
    throw new Error(`${run.form}: ${run.program} ${run.args.join(' ')} ended with ${status}: ${complained}`);
  return JSON.parse(printed);
}
