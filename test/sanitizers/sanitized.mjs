// An addon that is built with the address and undefined behaviour sanitizers, which end the process at the first
// error. For Linux with g++.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
// Without `vptr`: its check opens a pipe, so it takes a lack of descriptors for an invalid object.
const FLAGS =
  '-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1 -O1';

export function run(command, args, cwd, env) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? `exit code ${status}`}`);
}

/** The library of the sanitizer, which has to be loaded before Node.js. */
function runtime() {
  const { stdout, error } = spawnSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' });
  if (error !== undefined) throw error;
  return stdout.trim();
}

/**
 * Has the first file of a folder include the others, which become empty: to compile a folder at once takes half the time
 * of the processors.
 */
function joinSources(copy, folder) {
  const original = join(root, 'native', folder);
  const names = readdirSync(original).filter(
    (name) => /\.cc$/.test(name) && !/^(macos|windows|no_)/.test(name),
  );
  const includes = names.map((name) => `#include "${join(original, name)}"\n`);
  for (const [at, name] of names.entries()) {
    writeFileSync(join(copy, 'native', folder, name), at === 0 ? includes.join('') : '');
  }
}

/** Runs the scheduler with several environments at once, without JavaScript: its threads begin and end at any time. */
function stress(copy) {
  const program = join(copy, 'stress');
  const objects = ['save', 'scheduler', 'platform'].flatMap((room) => {
    const directory = join(copy, 'build/Release/obj.target/indelible/native', room);
    return readdirSync(directory).flatMap((name) => (name.endsWith('.o') ? [join(directory, name)] : []));
  });
  const flags = ['-std=c++17', '-pthread', ...FLAGS.split(' ')];
  run('g++', [...flags, '-o', program, join(root, 'test/sanitizers/stress.cc'), ...objects], copy, {});
  const files = join(copy, 'files');
  mkdirSync(files);
  run(program, [files], copy, {});
  const left = readdirSync(files).filter((name) => name.startsWith('.indelible-'));
  if (left.length > 0) throw new Error(`The stress test has left ${left.join(', ')}`);
}

/**
 * Builds the addon, runs the stress test over its objects, calls `use` with the environment of a process that loads it,
 * and removes it.
 */
export function withSanitizedAddon(use) {
  const copy = mkdtempSync(join(tmpdir(), 'indelible-sanitized-'));
  try {
    // Some tests save as another user.
    chmodSync(copy, 0o755);
    for (const name of ['binding.gyp', 'native', 'package.json']) {
      cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    for (const folder of ['binding', 'save', 'scheduler', 'platform']) joinSources(copy, folder);
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const build = ['rebuild', '--loglevel=warn', '--jobs=max'];
    run(join(root, 'node_modules/.bin/node-gyp'), build, copy, { CXXFLAGS: FLAGS, LDFLAGS: FLAGS });
    stress(copy);
    use({
      // node-gyp-build looks here first.
      INDELIBLE_PREBUILD: copy,
      LD_PRELOAD: runtime(),
      ASAN_OPTIONS: [
        // Node.js leaks on purpose at its end, and handles SIGSEGV, which would hide the report.
        ...['detect_leaks=0', 'abort_on_error=1', 'allow_user_segv_handler=0'],
        // Many tests start processes, which takes less time so. A report names three callers of each allocation.
        'malloc_context_size=3',
      ].join(':'),
    });
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
