import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, it } from 'vitest';
import { thisProcess } from '../../src/fs/temporary-owner.js';
import { sweep, sweepSync } from '../../src/index.js';
import { MEMORY } from '../machine.js';
import { startProgram } from '../node-process.js';
import { assertWhole } from '../programs/version.mjs';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';

// Only Linux tells whether another process lives. In memory every temporary has a name.
const missing = existsSync(MEMORY) ? undefined : `needs Linux and ${MEMORY}`;
if (missing !== undefined) process.stderr.write(`sweep.test.ts is skipped: ${missing}\n`);

const forms = [
  { name: 'sweep', sweep },
  { name: 'sweepSync', sweep: async (directory: string) => sweepSync(directory) },
];

const NATIVE_NAME = '.indelible-abcdefghij234567';

/** The name of a portable temporary that this writer would have made. */
function nameOf(processId: number, startTime: number, system: string): string {
  return `.indelible-p-${processId}-${startTime}-${system}-abcdefghij234567`;
}

describe.skipIf(missing !== undefined)('sweep', () => {
  const scratch = new ScratchDirectory(() => MEMORY);
  const children: ReturnType<typeof startProgram>[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });

  async function startSaving(): Promise<ReturnType<typeof startProgram>> {
    const child = startProgram('save-endlessly.mjs', [scratch.path]);
    children.push(child);
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    return child;
  }

  /** Stops a process while it has temporaries in the directory. */
  async function stopAmidSaves(child: ReturnType<typeof startProgram>): Promise<void> {
    for (;;) {
      child.kill('SIGSTOP');
      while (!/^State:\tT/m.test(readFileSync(`/proc/${child.pid}/status`, 'latin1'))) await pause(1);
      if (scratch.temporaries().length > 0) return;
      child.kill('SIGCONT');
      await pause(1);
    }
  }

  for (const form of forms) {
    describe(form.name, () => {
      it('removes nothing of a running writer', async () => {
        const child = await startSaving();
        let stderr = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          stderr += text;
        });
        for (let round = 0; round < 200; round += 1) {
          await form.sweep(scratch.path);
          await pause(1);
        }
        // A save whose temporary is gone rejects, and ends the program.
        assert.deepEqual([child.exitCode, stderr], [null, '']);
      });

      it('removes what a killed writer has left, and returns the names', async () => {
        const child = await startSaving();
        await stopAmidSaves(child);
        child.kill('SIGKILL');
        await once(child, 'close');
        const left = scratch.temporaries();
        assert.deepEqual(await form.sweep(scratch.path), left.sort());
        assert.deepEqual(scratch.temporaries(), []);
        for (const name of readdirSync(scratch.path)) assertWhole(readFileSync(join(scratch.path, name)));
      });

      it('returns no names for a directory without temporaries', async () => {
        writeFileSync(scratch.at('file'), '');
        assert.deepEqual(await form.sweep(scratch.path), []);
      });

      it('rejects where the directory cannot be read', async () => {
        await assert.rejects(form.sweep(scratch.at('missing')), { code: 'ENOENT', syscall: 'scandir' });
        writeFileSync(scratch.at('file'), '');
        await assert.rejects(form.sweep(scratch.at('file')), { code: 'ENOTDIR' });
      });
    });
  }

  it('leaves alone files that no save has made', async () => {
    const { processId, system } = thisProcess();
    writeFileSync(scratch.at('.indelible-notes'), '');
    writeFileSync(scratch.at(`${NATIVE_NAME}.txt`), '');
    writeFileSync(scratch.at(`x${nameOf(processId, 1, system)}`), '');
    mkdirSync(scratch.at(nameOf(processId, 2, system)));
    symlinkSync(scratch.at('.indelible-notes'), scratch.at('.indelible-abcdefghij234563'));
    mkdirSync(scratch.at(NATIVE_NAME));
    const pipe = '.indelible-abcdefghij234562';
    execFileSync('mkfifo', [scratch.at(pipe), scratch.at(nameOf(processId, 4, system))]);
    const before = readdirSync(scratch.path);
    assert.deepEqual(await sweep(scratch.path), []);
    assert.deepEqual(readdirSync(scratch.path), before);
  });

  it('removes the temporary link of a dead writer, and not its target', async () => {
    const { processId, startTime, system } = thisProcess();
    const link = nameOf(processId, startTime - 1, system);
    writeFileSync(scratch.at('target'), '');
    symlinkSync('target', scratch.at(link));
    assert.deepEqual(await sweep(scratch.path), [link]);
    assert.deepEqual(readdirSync(scratch.path), ['target']);
  });

  it('distinguishes a portable temporary of this process from one of an earlier process with its number', async () => {
    const { processId, startTime, system } = thisProcess();
    const mine = nameOf(processId, startTime, system);
    const earlier = nameOf(processId, startTime - 1, system);
    writeFileSync(scratch.at(mine), '');
    writeFileSync(scratch.at(earlier), '');
    assert.deepEqual(await sweep(scratch.path), [earlier]);
    assert.deepEqual(readdirSync(scratch.path), [mine]);
  });

  it('leaves alone a portable temporary of another system, whose processes cannot be seen', async () => {
    const { startTime, system } = thisProcess();
    const otherSystem = system.replace(/./g, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16));
    const names = [nameOf(4_000_000, startTime, otherSystem), nameOf(0, 0, '00000000'), nameOf(0, 0, system)];
    for (const name of names) writeFileSync(scratch.at(name), '');
    assert.deepEqual(await sweep(scratch.path), []);
    assert.deepEqual(scratch.temporaries().sort(), names.sort());
  });

  it(`${engineUnderTest === 'native' ? 'removes' : 'leaves alone'} an unlocked native temporary with the ${engineUnderTest} engine`, async () => {
    writeFileSync(scratch.at(NATIVE_NAME), '');
    const removed = engineUnderTest === 'native' ? [NATIVE_NAME] : [];
    assert.deepEqual(await sweep(scratch.path), removed);
    assert.equal(existsSync(scratch.at(NATIVE_NAME)), engineUnderTest !== 'native');
  });
});
