import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { update, updateSync } from '../../src/index.js';
import { isInMemory, MEMORY } from '../machine.js';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { hasMachineLock } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const file = () => scratch.at('file');

if (hasMachineLock) {
  /** 16 processes add 1 to a number 150 times each. Every other one has ten updates under way at a time. */
  async function countTogether(directory: string, options: object): Promise<void> {
    const path = join(directory, 'counter');
    const processes = Array.from({ length: 16 }, (_, index) => {
      const atOnce = index % 2 === 0 ? 1 : 10;
      return ended(startProgram('update-counter.mjs', [path, '150', `${atOnce}`, JSON.stringify(options)]));
    });
    for (const { code, stderr } of await Promise.all(processes)) assert.deepEqual([code, stderr], [0, '']);
    assert.equal(readFileSync(path, 'utf8'), '2400');
    assert.deepEqual(readdirSync(directory), ['counter']);
  }

  /** A process that has read the file and holds its lock. */
  async function holder(more: string) {
    const child = startProgram('update-and-hold.mjs', [file(), more]);
    child.stderr.pipe(process.stderr);
    await once(child.stdout, 'data');
    return child;
  }

  describe('updates in several processes', () => {
    it('lose none of 2,400 increments, on a disk', async () => {
      await countTogether(scratch.path, { durability: 'none' });
    });

    it.skipIf(!existsSync(MEMORY) || !isInMemory(MEMORY))(
      'lose none of 2,400 increments, in memory',
      async () => {
        const directory = mkdtempSync(join(MEMORY, 'indelible-test-'));
        try {
          await countTogether(directory, {});
        } finally {
          rmSync(directory, { recursive: true });
        }
      },
    );

    it('lose no acknowledged update when some processes are killed, and the others continue', async () => {
      const start = () => startProgram('update-endlessly.mjs', [file()]);
      const acknowledged = new Set<number>();
      const victims = Array.from({ length: 4 }, start);
      for (let round = 0; round < 24; round += 1) {
        const child = victims.shift() ?? start();
        let said = '';
        child.stdout.on('data', (data) => {
          said += data;
        });
        victims.push(start());
        await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
        await pause(Math.random() * 30);
        child.kill('SIGKILL');
        const { signal, stderr } = await ended(child);
        assert.equal(signal, 'SIGKILL', stderr);
        for (const line of said.split('\n').slice(0, -1)) {
          // Two updates that read the same number would have written the same number.
          assert.ok(!acknowledged.has(Number(line)), `${line} was counted twice`);
          acknowledged.add(Number(line));
        }
      }
      for (const child of victims) child.kill('SIGKILL');
      await Promise.all(victims.map(ended));
      await update(file(), (count) => String(Number(count) + 1), { encoding: 'utf8' });
      assert.ok(Number(readFileSync(file(), 'utf8')) > Math.max(...acknowledged));
    });

    it('wait for the update that has the lock, and see what it has written', async () => {
      writeFileSync(file(), '');
      const child = await holder('first ');
      const waiting = update(file(), (content) => `${content}second`, 'utf8');
      child.stdin.end();
      await waiting;
      assert.equal(readFileSync(file(), 'utf8'), 'first second');
      await ended(child);
    });

    it('give up after the time-out, in both forms, with a clear error', async () => {
      writeFileSync(file(), '');
      const child = await holder('held');
      const locked = { code: 'ERR_INDELIBLE_LOCKED', path: file(), published: false, message: /50 ms/ };
      await assert.rejects(
        update(file(), () => 'never', { timeout: 50 }),
        locked,
      );
      assert.throws(() => updateSync(file(), () => 'never', { timeout: 50 }), locked);
      await ended(child);
      assert.equal(readFileSync(file(), 'utf8'), 'held');
    });

    it('reject at once when they are aborted while they wait, and leave the queue', async () => {
      writeFileSync(file(), '');
      const child = await holder('held');
      const controller = new AbortController();
      const waiting = update(file(), () => 'never', { signal: controller.signal });
      await pause(20);
      controller.abort();
      await assert.rejects(waiting, { code: 'ABORT_ERR' });
      await ended(child);
      await update(file(), (content) => `${content} once`, { encoding: 'utf8', timeout: 0 });
      assert.equal(readFileSync(file(), 'utf8'), 'held once');
    });

    it('take over from a process that is killed while it has the lock', async () => {
      writeFileSync(file(), 'old');
      const child = await holder('never');
      const waiting = update(file(), (content) => `${content} and new`, {
        encoding: 'utf8',
        timeout: Number.POSITIVE_INFINITY,
      });
      child.kill('SIGKILL');
      await waiting;
      assert.equal(readFileSync(file(), 'utf8'), 'old and new');
      await ended(child);
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });

    it('wait for a stopped process no longer than their time-out', async () => {
      writeFileSync(file(), '');
      const child = await holder('late');
      child.kill('SIGSTOP');
      await assert.rejects(
        update(file(), () => 'never', { timeout: 50 }),
        { code: 'ERR_INDELIBLE_LOCKED' },
      );
      child.kill('SIGCONT');
      await ended(child);
      assert.equal(readFileSync(file(), 'utf8'), 'late');
    });

    it('do not wait for updates of other files in the directory', async () => {
      writeFileSync(file(), '');
      const child = await holder('held');
      await update(scratch.at('other'), () => 'made', { timeout: 0 });
      updateSync(scratch.at('another'), () => 'made', { timeout: 0 });
      await ended(child);
    });

    it('wait for each other, whichever path leads to the file', async () => {
      writeFileSync(file(), '');
      symlinkSync('file', scratch.at('link'));
      symlinkSync('.', scratch.at('here'));
      const child = await holder('held');
      for (const path of [scratch.at('link'), scratch.at('here', 'file'), `${scratch.path}/./file`]) {
        await assert.rejects(
          update(path, () => 'never', { timeout: 20 }),
          { code: 'ERR_INDELIBLE_LOCKED' },
        );
      }
      await ended(child);
    });

    it('follow a symbolic link as it is when their turn comes', async () => {
      writeFileSync(file(), '');
      writeFileSync(scratch.at('other'), 'oth');
      symlinkSync('file', scratch.at('link'));
      const child = await holder('held');
      const waiting = update(scratch.at('link'), (content) => `${content}er`, 'utf8');
      await pause(20);
      symlinkSync('other', scratch.at('changed'));
      renameSync(scratch.at('changed'), scratch.at('link'));
      await ended(child);
      await waiting;
      assert.equal(readFileSync(file(), 'utf8'), 'held');
      assert.equal(readFileSync(scratch.at('other'), 'utf8'), 'other');
    });

    it('get their turn although another process starts one update after the other', async () => {
      const busy = startProgram('update-endlessly.mjs', [file()]);
      await once(busy.stdout, 'data');
      busy.stdout.resume();
      for (let turn = 0; turn < 20; turn += 1) {
        let count = 0;
        await update(
          file(),
          (number) => {
            count = Number(number) + 1;
            return String(count);
          },
          'utf8',
        );
        assert.ok(count > 1);
      }
      busy.kill('SIGKILL');
      await ended(busy);
    });
  });

  describe('updates in several worker threads', () => {
    it('lose nothing, even if a thread is terminated that has the lock', async () => {
      const { code, stderr } = await ended(startProgram('update-in-threads.mjs', [file(), '6', '100']));
      assert.deepEqual([code, stderr], [0, '']);
      assert.equal(readFileSync(file(), 'utf8'), '600');
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });
  });
}

if (!hasMachineLock) {
  describe('an update without a lock', () => {
    it('is unsupported unless the order within the thread is enough', async () => {
      writeFileSync(file(), 'old');
      let changes = 0;
      const change = () => {
        changes += 1;
        return 'new';
      };
      const refusal = { code: 'ERR_INDELIBLE_UNSUPPORTED', path: file(), published: false };
      await assert.rejects(update(file(), change), refusal);
      assert.throws(() => updateSync(file(), change), refusal);
      assert.deepEqual([changes, readFileSync(file(), 'utf8')], [0, 'old']);
    });
  });
}
