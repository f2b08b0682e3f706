import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

// prlimit(1) is part of util-linux.
describe.skipIf(process.platform !== 'linux')('a process that has few descriptors left', () => {
  for (const [call, count, free] of [
    ['save', 128, 8],
    ['saveAll', 128, 8],
    ['saveAllSync', 128, 8],
    ['saveAllSync after save', 128, 8],
    ['saveAll with makeDirectories', 128, 12],
    ['saveAllSync with makeDirectories', 128, 12],
    ['save with a deep path', 1, 50],
  ] as const) {
    it(`saves ${count === 1 ? 'one file' : `${count} files at once`} by ${call}`, async () => {
      const { stdout, stderr } = await ended(
        startProgram('save-with-few-descriptors.mjs', [scratch.path, call, `${free}`]),
      );
      assert.deepEqual([stdout, stderr], [`${count} saved\n`, '']);
      assert.deepEqual(scratch.temporaries(), []);
    });
  }
});
