import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf, projectRoot } from './run.js';

/** The result of `npm pack`. */
export interface Packed {
  tarball: string;
  files: { path: string; size: number }[];
}

/** Packs the project with the present content of `dist` and `prebuilds`. Builds nothing. */
export function pack(directory: string): Packed {
  mkdirSync(directory, { recursive: true });
  const printed = outputOf('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const report: unknown = JSON.parse(printed);
  // npm 10 prints an array, npm 11 an object by name.
  const [packed] = Object.values(report as Record<string, { filename: string; files: Packed['files'] }>);
  if (packed === undefined) throw new Error(`npm pack printed ${printed}`);
  return { tarball: join(directory, packed.filename), files: packed.files };
}

/**
 * The same package as a registry gives it: no installer runs or counts `prepare` of such a package, and npm 11 warns of it
 * only in one from a file.
 *
 * @param without files and folders to leave out.
 */
export function packedForRegistry(
  packed: Packed,
  directory: string,
  without: readonly string[] = [],
): string {
  const unpacked = join(directory, 'unpacked');
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  outputOf('tar', ['-xzf', packed.tarball, '-C', unpacked]);
  for (const name of without) rmSync(join(unpacked, 'package', name), { recursive: true });
  const file = join(unpacked, 'package/package.json');
  const manifest: { scripts: Record<string, string> } = JSON.parse(readFileSync(file, 'utf8'));
  delete manifest.scripts.prepare;
  writeFileSync(file, JSON.stringify(manifest, null, 2));
  const tarball = join(directory, without.length > 0 ? 'without.tgz' : 'indelible.tgz');
  outputOf('tar', ['-czf', tarball, '-C', unpacked, 'package']);
  return tarball;
}

/** The path of npm's own program, which `npm run` sets. */
function npmProgram(): string {
  const program = process.env.npm_execpath;
  if (program === undefined) throw new Error('This script must be started by `npm run`.');
  return program;
}

/** An empty project on a machine without a compiler: the only programs are Node.js and a shell. */
export class EmptyProject {
  readonly directory: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(directory: string) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    writeFileSync(
      join(directory, 'package.json'),
      '{ "name": "empty", "private": true, "type": "module" }\n',
    );
    const programs = join(directory, 'programs');
    mkdirSync(programs);
    for (const [name, program] of [
      ['node', process.execPath],
      ['sh', '/bin/sh'],
    ] as const) {
      writeFileSync(join(programs, name), `#!/bin/sh\nexec ${program} "$@"\n`, { mode: 0o755 });
    }
    this.directory = directory;
    // Without the variables that npm sets for the scripts of this project.
    const own = Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_|package_|lifecycle_)/.test(name),
    );
    this.#env = { ...Object.fromEntries(own), PATH: programs };
  }

  /** Installs packages, and returns the output of npm and of the install scripts. */
  install(packages: readonly string[], ...options: string[]): string {
    const args = ['install', '--no-audit', '--no-fund', '--foreground-scripts', ...options, ...packages];
    const { status, stdout, stderr } = spawnSync(process.execPath, [npmProgram(), ...args], {
      cwd: this.directory,
      env: this.#env,
      encoding: 'utf8',
    });
    if (status !== 0)
      throw new Error(`npm ${args.join(' ')} ended with exit code ${status}\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  /** Runs a module in the project, and returns its output. */
  run(code: string, env: NodeJS.ProcessEnv = {}, file = 'program.mjs'): string {
    writeFileSync(join(this.directory, file), code);
    return outputOf(process.execPath, [file], { cwd: this.directory, env: { ...this.#env, ...env } }).trim();
  }

  /** Runs a command of an installed package as a shell does, and returns its standard output. */
  runCommand(name: string, ...args: string[]): string {
    return outputOf(join(this.directory, 'node_modules/.bin', name), args, {
      cwd: this.directory,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** The bytes of each installed package. */
  sizes(): Map<string, number> {
    const packages = join(this.directory, 'node_modules');
    const names = readdirSync(packages).filter((name) => !name.startsWith('.'));
    return new Map(names.map((name) => [name, bytesBelow(join(packages, name))]));
  }
}

function bytesBelow(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
