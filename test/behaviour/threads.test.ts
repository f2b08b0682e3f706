import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { isInMemory, MEMORY } from '../machine.js';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';

const hasMemory = existsSync(MEMORY) && isInMemory(MEMORY);

const scratch = new ScratchDirectory();

describe.skipIf(!hasMemory)('a worker thread beside the main thread', () => {
  let memory = '';

  beforeEach(() => {
    memory = mkdtempSync(join(MEMORY, 'indelible-test-'));
  });

  afterEach(() => {
    rmSync(memory, { recursive: true, force: true });
  });

  it('reports the true result of each save, whichever thread made the plan for the filesystem', async (test) => {
    test.skip(isInMemory(scratch.path), 'no directory on a disk');
    const { code, stdout, stderr } = await ended(
      startProgram('saves-in-threads.mjs', [memory, scratch.path]),
    );
    assert.equal(code, 0, stderr);
    const saved = JSON.parse(stdout);
    const inMemory = { durability: 'none', protocol: 'rename' };
    assert.deepEqual(saved.memory, [inMemory, inMemory]);
    assert.equal(saved.disk[0].durability, 'durable');
    assert.deepEqual(saved.disk[0], saved.disk[1]);
  });
});
