import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { MAIN, makeDirectory, outcomeOf, type Running, removeDirectory, start, until } from './command.js';

/** More than the capacity of a pipe: when it is written, the command has begun to read. */
const HALF = Buffer.alloc(2 ** 20, 'half');

describe('indelible save, interrupted', () => {
  let directory: string;
  let file: string;
  let running: Running | undefined;
  beforeEach(async () => {
    directory = await makeDirectory();
    file = join(directory, 'file');
    await writeFile(file, 'old');
  });
  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await removeDirectory(directory);
  });

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`by ${signal} while it reads, keeps the old file and exits with ${status}`, async () => {
      running = start(['save', 'file'], directory);
      const { child, outcome } = running;
      await new Promise((resolve) => child.stdin.write(HALF, resolve));
      child.kill(signal);
      assert.deepEqual(await outcome, { status, stdout: '', stderr: '' });
      assert.equal(await readFile(file, 'utf8'), 'old');
      assert.deepEqual(await readdir(directory), ['file']);
    });
  }

  it('at any moment of the save, leaves the old file or the new one, as the status says', async () => {
    const content = Buffer.alloc(32 * 2 ** 20, 'new');
    for (const delay of [0, 5, 10, 20, 40, 80]) {
      await writeFile(file, 'old');
      running = start(['save', 'file'], directory);
      const { child, outcome } = running;
      await new Promise((resolve) => child.stdin.write(content, resolve));
      child.stdin.end();
      await setTimeout(delay);
      child.kill('SIGINT');
      const { status } = await outcome;
      assert.ok(status === 0 || status === 130, `status ${status}`);
      assert.ok((await readFile(file)).equals(status === 0 ? content : Buffer.from('old')));
      assert.deepEqual(await readdir(directory), ['file']);
    }
  });

  it('together with its producer, does not save half the output', async () => {
    const pipeline = `(head -c 1000000 /dev/zero; touch ready; exec sleep 60) | "$0" "$1" save file`;
    const child = spawn('sh', ['-c', pipeline, process.execPath, MAIN], { cwd: directory, detached: true });
    running = { child, outcome: outcomeOf(child) };
    await until(async () => existsSync(join(directory, 'ready')));
    assert.ok(child.pid !== undefined);
    // To the whole process group, as a terminal does on Ctrl-C.
    process.kill(-child.pid, 'SIGINT');
    await running.outcome;
    assert.equal(await readFile(file, 'utf8'), 'old');
    assert.deepEqual((await readdir(directory)).sort(), ['file', 'ready']);
  });
});
