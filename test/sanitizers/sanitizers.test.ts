import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The engine without its binding to JavaScript. */
const SOURCES = [
  ...['save', 'scheduler'].flatMap((room) =>
    readdirSync(join(root, 'native', room))
      .filter((name) => name.endsWith('.cc'))
      .map((name) => join(room, name)),
  ),
  ...['posix', 'linux', 'linux_directory_locks', 'linux_directory_sync'].map((name) => `platform/${name}.cc`),
].map((name) => join(root, 'native', name));

const builds = [
  { name: 'the thread sanitizer', flags: ['-fsanitize=thread'] },
  {
    name: 'the address and undefined behaviour sanitizers',
    flags: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
  },
];

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'indelible-sanitizers-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function run(command: string, args: string[]) {
  return spawnSync(command, args, { encoding: 'utf8' });
}

describe('the scheduler with several environments at once', () => {
  for (const { name, flags } of builds) {
    it(`runs without a report of ${name}`, (test) => {
      test.skip(process.platform !== 'linux', 'the stress test is for Linux');
      const program = join(directory, 'stress');
      const stress = join(root, 'test', 'sanitizers', 'stress.cc');
      test.skip(run('c++', ['--version']).error !== undefined, 'there is no C++ compiler');
      const compiled = run('c++', [
        ...['-std=c++17', '-O1', '-g', '-pthread', ...flags, '-o', program],
        ...[stress, ...SOURCES],
      ]);
      assert.equal(compiled.status, 0, compiled.stderr);
      const files = join(directory, 'files');
      mkdirSync(files);
      const { status, stderr } = run(program, [files]);
      assert.equal(status, 0, stderr.slice(0, 8000));
      assert.deepEqual(
        readdirSync(files).filter((file) => file.startsWith('.indelible-')),
        [],
      );
    });
  }
});
