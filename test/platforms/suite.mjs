// Compiles the behaviour suite into a separate tree with the addon of another system. The other scripts of
// this folder run it under Wine and in an emulator.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const work = join(root, 'build', 'platforms');

/** A file of tests counts as hung after so many milliseconds in which none of its tests ends. */
const HUNG_AFTER = 10 * 60_000;

/** The packages that the library and its tests need at run time. */
const PACKAGES = ['node-gyp-build', 'fast-check', 'pure-rand'];

export function fail(message) {
  console.error(message);
  process.exit(2);
}

function must(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error !== undefined || status !== 0)
    fail(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
}

/** Installs a package for another system once, separately from the project's packages. */
export function fetchPackage(name, version) {
  const directory = join(work, 'packages');
  mkdirSync(directory, { recursive: true });
  if (!existsSync(join(directory, 'package.json')))
    writeFileSync(join(directory, 'package.json'), '{"private":true}');
  const installed = join(directory, 'node_modules', name);
  if (!existsSync(installed)) {
    must('npm', ['install', '--force', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`], {
      cwd: directory,
    });
  }
  return installed;
}

/** The addon for a system: `INDELIBLE_ADDON`, or the one in `prebuilds/`. */
function findAddon(tuple) {
  const given = process.env.INDELIBLE_ADDON;
  if (given !== undefined) return given;
  const directory = join(root, 'prebuilds', tuple);
  const name = existsSync(directory)
    ? readdirSync(directory).find((one) => one.endsWith('.node'))
    : undefined;
  if (name === undefined) {
    fail(`There is no addon for ${tuple}: put one into prebuilds/${tuple}/, or name it in INDELIBLE_ADDON.`);
  }
  return join(directory, name);
}

/** Makes the tree. Returns its path. */
export function prepare(tuple) {
  const tree = join(work, tuple);
  rmSync(tree, { recursive: true, force: true });
  const addon = findAddon(tuple);
  must('npm', ['run', '--silent', 'build']);
  rmSync(join(work, 'compiled'), { recursive: true, force: true });
  must(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'test/platforms']);
  cpSync(join(work, 'compiled'), tree, { recursive: true });
  for (const name of ['package.json', 'dist', 'test/programs']) {
    cpSync(join(root, name), join(tree, name), { recursive: true });
  }
  for (const name of PACKAGES) {
    const from = join(root, 'node_modules', name);
    if (existsSync(from)) cpSync(from, join(tree, 'node_modules', name), { recursive: true });
  }
  mkdirSync(join(tree, 'node_modules', 'vitest'), { recursive: true });
  writeFileSync(join(tree, 'node_modules/vitest/package.json'), '{"type":"module","exports":"./vitest.mjs"}');
  cpSync(join(root, 'test/platforms/vitest.mjs'), join(tree, 'node_modules/vitest/vitest.mjs'));
  cpSync(join(root, 'test/platforms/run-file.mjs'), join(tree, 'test/platforms/run-file.mjs'));
  mkdirSync(join(tree, 'build/Release'), { recursive: true });
  cpSync(addon, join(tree, 'build/Release/indelible.node'));
  return tree;
}

function readResults(path) {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

/** Runs one file of tests, and ends it if it hangs. */
async function runFile(command, args, { tree, results, log, environment }) {
  const output = openSync(log, 'w');
  const child = spawn(command, args, {
    cwd: tree,
    env: { ...process.env, ...environment },
    stdio: ['ignore', output, output],
    detached: true,
  });
  let seen = 0;
  let since = Date.now();
  const watch = setInterval(() => {
    const count = readResults(results).length;
    if (count > seen) since = Date.now();
    seen = count;
    if (Date.now() - since > HUNG_AFTER) process.kill(-child.pid, 'SIGKILL');
  }, 1000);
  const end = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  clearInterval(watch);
  return end;
}

/**
 * Runs the suite over both engines and prints the outcome. The script's arguments are parts of file names.
 *
 * @param command makes the command line that runs a script with its arguments.
 * @param folders further folders of tests, besides the behaviour suite.
 * @returns whether all tests passed or were skipped.
 */
export async function runSuite({ tree, command, folders = [], environment = {} }) {
  const wanted = process.argv.slice(2);
  const files = ['test/behaviour', ...folders]
    .flatMap((folder) => readdirSync(join(tree, folder)).map((name) => `${folder}/${name}`))
    .filter((name) => name.endsWith('.test.js'))
    .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const reasons = new Map();
  for (const engine of process.env.INDELIBLE_ENGINE?.split(',') ?? ['native', 'portable']) {
    for (const file of files) {
      const name = `${engine}-${basename(file)}`;
      const results = join(tree, `${name}.results`);
      const log = join(tree, `${name}.log`);
      const [program, ...args] = command('test/platforms/run-file.mjs', file, `${name}.results`);
      const end = await runFile(program, args, {
        tree,
        results,
        log,
        environment: { ...environment, INDELIBLE_ENGINE: engine },
      });
      const outcomes = readResults(results);
      const count = { passed: 0, failed: 0, skipped: 0 };
      for (const { name: test, outcome, reason } of outcomes) {
        if (outcome === undefined) continue;
        count[outcome] += 1;
        if (outcome === 'failed') console.log(`    FAILED ${test}\n${reason.replace(/^/gm, '        ')}`);
        if (outcome === 'skipped') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
      if (!outcomes.some(({ ended }) => ended)) {
        count.failed += 1;
        console.log(`    ENDED EARLY (${end}):\n${readFileSync(log, 'utf8').slice(-2000)}`);
      }
      console.log(
        `${engine} ${basename(file)}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`,
      );
      for (const outcome of Object.keys(totals)) totals[outcome] += count[outcome];
    }
  }
  for (const [reason, number] of reasons) console.log(`skipped ${number}: ${reason}`);
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  return totals.failed === 0;
}
