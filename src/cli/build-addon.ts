import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import type { Command } from 'commander';
import { packageRoot } from '../../bench/measure/package-files.js';
import { save } from '../api/save.js';
import { firstLine } from './engine-note.js';

const EXPLANATION = `
Needed only on a system without a prebuilt addon: without one the portable engine
is used. Needs node-addon-api and node-gyp (npm install --save-dev node-addon-api
node-gyp), a C++ compiler, make and Python. The addon replaces an earlier one in
the installed package; a new installation of the package removes it. Exit status:
0 the addon is compiled and loads, 1 it is not, 2 wrong usage.
`;

/** The addon in an installed package, where node-gyp-build finds it first. */
const ADDON = 'build/Release/indelible.node';

/** `indelible build-addon`: compiles the addon for this system. Nothing else compiles it. */
export function addBuildAddonCommand(program: Command): void {
  program
    .command('build-addon')
    .summary('compile the addon, where there is no prebuilt one')
    .description('Compiles the addon for this system, from the sources in the package.')
    .option('--verbose', 'print the output of node-gyp')
    .addHelpText('after', EXPLANATION)
    .action(async ({ verbose = false }: { verbose?: boolean }) => {
      const headers = dirname(locate('node-addon-api/package.json', 'node-addon-api'));
      const nodeGyp = nodeGypProgram();
      const directory = mkdtempSync(join(tmpdir(), 'indelible-build-'));
      try {
        unpackSources(directory);
        // Copied, because a package manager may keep it in an archive that no compiler can read.
        cpSync(headers, join(directory, 'node_modules/node-addon-api'), {
          recursive: true,
          dereference: true,
        });
        compile(nodeGyp, directory, verbose);
        const compiled = join(directory, ADDON);
        tryToLoad(compiled);
        const path = fileURLToPath(new URL(ADDON, packageRoot));
        // Processes that have loaded the one before keep it.
        await save(path, readFileSync(compiled), { makeDirectories: true, mode: 0o755 });
        process.stdout.write(`${path}\n`);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
}

/** Finds a file of a package beside this one, or in the project where the command is called. */
function locate(file: string, name: string): string {
  for (const from of [fileURLToPath(packageRoot), `${process.cwd()}/`]) {
    try {
      return createRequire(join(from, 'package.json')).resolve(file);
    } catch {
      // Perhaps in the other place.
    }
  }
  throw new Error(`${name} is not installed: npm install --save-dev ${name}`);
}

/** The program and its first arguments. npm has a node-gyp of its own, and names it for the commands that it starts. */
function nodeGypProgram(): string {
  const ofNpm = process.env.npm_config_node_gyp;
  if (ofNpm !== undefined && existsSync(ofNpm)) return ofNpm;
  return locate('node-gyp/bin/node-gyp.js', 'node-gyp');
}

function unpackSources(directory: string): void {
  const packed = readFileSync(new URL('dist/native.json.br', packageRoot));
  const sources: Record<string, string> = JSON.parse(brotliDecompressSync(packed).toString());
  for (const [name, text] of Object.entries(sources)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

function compile(nodeGyp: string, directory: string, verbose: boolean): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [nodeGyp, 'rebuild', ...headersOfNode()], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (verbose) process.stderr.write(`${stdout}\n${stderr}`);
  if (status === 0) return;
  const further = verbose ? '' : ' (--verbose prints all of its output)';
  throw new Error(`node-gyp has failed${further}: ${reasonIn(`${stdout}\n${stderr}`)}`);
}

/** Node.js's headers where they stand beside it, as in its own archives: node-gyp would download them. */
function headersOfNode(): string[] {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const given = process.env.npm_config_nodedir !== undefined;
  return given || !existsSync(join(prefix, 'include/node/node_api.h')) ? [] : [`--nodedir=${prefix}`];
}

/** The line of the output that names the problem. */
function reasonIn(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /not found|not ok|error|could not|no such/i.test(line));
  return (
    telling.find((line) => /not found|could not|fatal|error:/i.test(line)) ??
    telling[0] ??
    'it says no reason'
  );
}

/** In a process of its own: an addon that does not fit may end it. */
function tryToLoad(addon: string): void {
  const { status, stderr } = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(addon)})`], {
    encoding: 'utf8',
  });
  if (status === 0) return;
  const error = stderr.split('\n').find((line) => line.startsWith('Error:')) ?? `exit status ${status}`;
  throw new Error(`the compiled addon does not load: ${firstLine(error)}`);
}
