import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { Report, Result } from '../../src/cli/bench/report.js';
import {
  MAIN,
  makeDirectory,
  outcomeOf,
  type Running,
  removeDirectory,
  run,
  start,
  until,
} from './command.js';

const hasScript = spawnSync('script', ['--version']).status === 0;

describe('indelible bench', () => {
  let directory: string;
  let running: Running | undefined;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await removeDirectory(directory);
  });

  it('prints a table that fits 80 columns, and leaves nothing behind', async () => {
    const { status, stdout } = await run(['bench', '--seconds', '0.2'], directory);
    assert.equal(status, 0);
    const table = stdout.split('\n').filter((line) => line.startsWith('|'));
    assert.deepEqual(
      table
        .slice(2)
        .map((line) => line.split('|')[1]?.trim())
        .sort(),
      [
        'raw flush',
        'save, durable',
        'save, none',
        'save, ordered',
        'saveSync, durable',
        'textbook, async',
        'textbook, sync',
      ],
    );
    for (const line of table) assert.ok(line.length <= 80, line);
    assert.deepEqual(await readdir(directory), []);
  });

  it('--json prints one sound document, for as many directories as were given', async () => {
    const { status, stdout } = await run(['bench', '--json', '--seconds', '0.2', '.', '.'], directory);
    assert.equal(status, 0);
    const report: Report = JSON.parse(stdout);
    assert.equal(report.schema, 'indelible-bench/1');
    assert.equal(report.runs.length, 2);
    for (const { bytes, floor, contenders, failed, disk } of report.runs) {
      assert.equal(bytes, 4096);
      assert.deepEqual(failed, []);
      assert.ok(process.platform !== 'linux' || disk.filesystem !== null);
      for (const result of [floor, ...contenders]) assertSound(result);
      for (const { rawFlushes, microseconds } of contenders) {
        const expected = microseconds.median / floor.microseconds.median;
        assert.ok(Math.abs(rawFlushes / expected - 1) < 0.01);
      }
    }
    assert.deepEqual(await readdir(directory), []);
  });

  it('--libraries measures the libraries too', async () => {
    const { stdout } = await run(['bench', '--json', '--libraries', '--seconds', '0.2'], directory);
    const report: Report = JSON.parse(stdout);
    const names = report.runs[0]?.contenders.map(({ name }) => name) ?? [];
    for (const name of ['atomically', 'fast-write-atomic', 'steno', 'write-file-atomic']) {
      assert.ok(names.includes(name), name);
    }
  });

  it('shows no progress in a pipe', async () => {
    const { stderr } = await run(['bench', '--seconds', '0.2'], directory);
    assert.equal(stderr, '');
  });

  it.skipIf(!hasScript)('shows progress on a terminal, and wipes it away in the end', async () => {
    const command = `'${process.execPath}' '${MAIN}' bench --json --seconds 0.2`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: directory,
    });
    child.stdin.end();
    const { status, stdout } = await outcomeOf(child);
    assert.equal(status, 0);
    assert.match(stdout, /\[[#.]{24}\] +\d+ s left {2}save, durable/);
    assert.ok(stdout.includes('\u001b[2K{'), stdout);
  });

  it('says which directory it cannot work in', async () => {
    const { status, stdout, stderr } = await run(['bench', '--json', 'missing'], directory);
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^indelible: ENOENT: no such file or directory, .*missing'\n$/);
  });

  it('does not mind a reader that has seen enough', async () => {
    const child = spawn(process.execPath, [MAIN, 'bench', '--seconds', '0.2'], { cwd: directory });
    child.stdout.destroy();
    const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.deepEqual(await readdir(directory), []);
  });

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`leaves nothing behind on ${signal}, even if it comes twice`, async () => {
      running = start(['bench', '--seconds', '60'], directory);
      const { child, outcome } = running;
      await until(async () => (await readdir(directory)).length > 0);
      child.kill(signal);
      child.kill(signal);
      assert.equal((await outcome).status, status);
      assert.deepEqual(await readdir(directory), []);
    });
  }
});

function assertSound({ name, samples, perSecond, microseconds }: Result): void {
  const { median, mean, p90, p99, p999, maximum, roundMedians } = microseconds;
  assert.ok(samples > 0 && perSecond > 0 && mean > 0 && median > 0, name);
  assert.ok(median <= p90 && p90 <= p99 && p99 <= p999 && p999 <= maximum, name);
  assert.ok(mean <= maximum && Math.max(...roundMedians) <= maximum, name);
  // One at a time: the reciprocal, within the digits that are kept.
  assert.ok(Math.abs((perSecond * mean) / 1e6 - 1) < 0.01, name);
}
