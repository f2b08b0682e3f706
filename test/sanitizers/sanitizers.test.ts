import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The engine without its binding to JavaScript. */
const SOURCES = {
  save: sourcesIn('save'),
  scheduler: sourcesIn('scheduler'),
  platform: ['posix.cc', 'linux.cc', 'linux_directory_locks.cc', 'linux_directory_sync.cc'],
};

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, 'native', folder)).filter((name) => name.endsWith('.cc'));
}

/** Writes one source for each folder, which includes those of the folder: so they are compiled in half the time. */
function joinedSources(directory: string): string[] {
  return Object.entries(SOURCES).map(([folder, names]) => {
    const path = join(directory, `${folder}.cc`);
    const included = names.map((name) => `#include "${join(root, 'native', folder, name)}"\n`);
    writeFileSync(path, included.join(''));
    return path;
  });
}

const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

async function run(command: string, args: string[]): Promise<{ status: number | null; stderr: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  let stderr = '';
  for await (const text of child.stderr.setEncoding('utf8')) stderr += text;
  const [status] = await closed;
  return { status, stderr };
}

// `npm run test:sanitized` runs it with the other sanitizers.
describe('the scheduler with several environments at once', () => {
  it('runs without a report of the thread sanitizer', async (test) => {
    test.skip(process.platform !== 'linux', 'the stress test is for Linux');
    const directory = mkdtempSync(join(tmpdir(), 'indelible-sanitizers-'));
    directories.push(directory);
    const program = join(directory, 'stress');
    const stress = join(root, 'test', 'sanitizers', 'stress.cc');
    test.skip(spawnSync('c++', ['--version']).error !== undefined, 'there is no C++ compiler');
    const compiled = await run('c++', [
      ...['-std=c++17', '-O1', '-g1', '-pthread', '-fsanitize=thread', '-o', program],
      ...[stress, ...joinedSources(directory)],
    ]);
    assert.equal(compiled.status, 0, compiled.stderr);
    const files = join(directory, 'files');
    mkdirSync(files);
    const { status, stderr } = await run(program, [files]);
    assert.equal(status, 0, stderr.slice(0, 8000));
    assert.deepEqual(
      readdirSync(files).filter((file) => file.startsWith('.indelible-')),
      [],
    );
  });
});
