import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { loadAddon } from '../../src/addon/addon.js';
import { LOCK_FILE } from '../../src/fs/locked-file.js';
import { NativeCalls } from '../../src/fs/native-calls.js';
import { run } from '../../src/fs/steps.js';
import { TicketLock } from '../../src/fs/ticket-lock.js';
import { nativeUnavailable } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

describe.skipIf(nativeUnavailable !== undefined || process.platform !== 'linux')('ticket locks', () => {
  it('on one lock file exclude each other, without a lock on its directory', async () => {
    const calls = new NativeCalls(loadAddon());
    let holders = 0;
    let most = 0;
    let held = 0;
    async function holdAgainAndAgain(): Promise<void> {
      for (let turn = 0; turn < 60; turn += 1) {
        const directory = await run(calls.openDirectory(Buffer.from(scratch.path)));
        const file = await run(calls.locks.openLockFile(directory, LOCK_FILE));
        const lock = new TicketLock(calls.locks, file, Buffer.from('name'));
        while ((await run(lock.tryAcquire())) !== undefined) await pause(0);
        holders += 1;
        held += 1;
        most = Math.max(most, holders);
        await pause(0);
        holders -= 1;
        await run(lock.release());
        await run(calls.closeAll([file, directory]));
      }
    }
    await Promise.all(Array.from({ length: 6 }, holdAgainAndAgain));
    assert.deepEqual([held, most], [360, 1]);
  });
});
