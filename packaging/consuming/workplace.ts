import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EmptyProject } from '../packed.js';
import { outputOf, projectRoot } from '../run.js';

const directory = join(projectRoot, 'packaging/consumers');
const packages = join(directory, 'node_modules');

/** Installs the tools below packaging/consumers/, once. */
export function installTools() {
  if (existsSync(join(packages, '.package-lock.json'))) return;
  mkdirSync(packages, { recursive: true });
  outputOf('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: directory });
}

/** A file of one of the tools. */
export function toolFile(path: string): string {
  return join(packages, path);
}

/** A project with the installed package, in which the tools are used. */
export class Workplace extends EmptyProject {
  constructor(place: string, tarball: string) {
    super(place);
    this.install([tarball]);
  }

  write(name: string, text: string): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Makes packages that the tools came with importable. */
  link(...names: string[]) {
    for (const name of names) {
      const path = join(this.directory, 'node_modules', name);
      mkdirSync(dirname(path), { recursive: true });
      if (!existsSync(path)) symlinkSync(toolFile(name), path);
    }
  }

  /** Runs a program of Node.js with the native engine, and returns what it has printed. */
  node(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = this.directory): string {
    return printedBy(process.execPath, args, cwd, { INDELIBLE_ENGINE: 'native', ...env });
  }
}

/** @throws {Error} with everything that the program has printed if it fails. */
export function printedBy(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): string {
  const result: SpawnSyncReturns<string> = spawnSync(program, args, {
    cwd,
    // Without the variables that npm sets for the scripts of this project.
    env: { ...outside(process.env), NO_COLOR: '1', FORCE_COLOR: '0', ...env },
    encoding: 'utf8',
  });
  if (result.error !== undefined) throw result.error;
  const printed = result.stdout + result.stderr;
  if (result.status !== 0) throw new Error(`${args.join(' ')}: exit status ${result.status}\n${printed}`);
  return printed;
}

function outside(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^npm_/.test(name) || name === 'npm_config_registry' || name === 'npm_config_cafile',
    ),
  );
}
