import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'vitest';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

describe.skipIf(process.platform !== 'linux')('300 MiB in one save', () => {
  for (const { name } of forms) {
    it(`take no second copy of the data, with ${name}`, async () => {
      const { code, stdout, stderr } = await ended(startProgram('save-much.mjs', [name, scratch.at('file')]));
      assert.equal(code, 0, stderr);
      assert.equal(statSync(scratch.at('file')).size, 300 * 1024 * 1024);
      assert.ok(Number(stdout) < 32 * 1024 * 1024, `the save took ${stdout.trim()} bytes of memory`);
    });
  }
});
