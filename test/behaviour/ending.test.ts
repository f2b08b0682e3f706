import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { ended, startProgram } from '../node-process.js';
import { assertWhole } from '../programs/version.mjs';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';

const scratch = new ScratchDirectory();

/** Asserts that every file of the directory is a whole version or a temporary. */
function assertNothingTorn(): void {
  for (const name of readdirSync(scratch.path)) {
    if (!name.startsWith('.indelible-')) assertWhole(readFileSync(join(scratch.path, name)));
  }
}

describe('a process that is killed while it saves', () => {
  it('leaves every file whole', async () => {
    for (let round = 0; round < 15; round += 1) {
      const child = startProgram('save-endlessly.mjs', [scratch.path]);
      const end = ended(child);
      await Promise.race([once(child.stdout, 'data'), end]);
      await pause(Math.random() * 40);
      child.kill('SIGKILL');
      const { signal, stderr } = await end;
      assert.equal(signal, 'SIGKILL', stderr);
      assertNothingTorn();
    }
    assert.equal(existsSync(scratch.at('one')), true);
  });
});

describe('process.exit() with saves under way', () => {
  for (const turns of [0, 1, 2, 5, 10, 20, 40, 80, 160]) {
    it(`ends the process at once and leaves every file whole, ${turns} turns of the event loop later`, async () => {
      const { code, signal, stderr } = await ended(
        startProgram('exit-while-saving.mjs', [scratch.path, `${turns}`]),
      );
      assert.deepEqual([code, signal, stderr], [7, null, '']);
      assertNothingTorn();
    });
  }

  // Plain `fs` cannot remove its temporaries once the process exits.
  if (engineUnderTest === 'native') {
    it('leaves no temporary with the native engine', async () => {
      for (const turns of [0, 5, 20, 60]) {
        await ended(startProgram('exit-while-saving.mjs', [scratch.path, `${turns}`]));
        assert.deepEqual(scratch.temporaries(), []);
      }
    });
  }
});

describe('worker.terminate() with saves under way', () => {
  it('crashes nothing, leaves every file whole, and lets the process save again', async () => {
    const { code, signal, stdout, stderr } = await ended(
      startProgram('terminate-while-saving.mjs', [scratch.path, '40']),
    );
    assert.deepEqual([code, signal, stdout, stderr], [0, null, 'saved\n', '']);
    assertNothingTorn();
    assert.equal(assertWhole(readFileSync(scratch.at('after'))), 1);
  });
});

describe('a pending save', () => {
  it('keeps the process alive until it is finished', async () => {
    const { code, stdout, stderr } = await ended(startProgram('save-and-let-go.mjs', [scratch.at('file')]));
    assert.deepEqual([code, stdout, stderr], [0, 'saved\n', '']);
    assert.equal(assertWhole(readFileSync(scratch.at('file'))), 50);
  });
});
