import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { StagedSave } from '../../../bench/measure/stages.js';
import { PROTOCOLS } from '../../../src/filesystem/protocols.js';

const bytes = Buffer.from('new');
/** The step 'write-back' is a system call of Linux. */
const protocols = (Object.keys(PROTOCOLS) as (keyof typeof PROTOCOLS)[]).filter(
  (protocol) => process.platform === 'linux' || protocol !== 'single-commit',
);

describe('a save that measures its steps', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'indelible-test-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  for (const protocol of protocols) {
    it(`makes the steps of ${protocol}, and keeps neither the temporary nor a descriptor`, () => {
      const staged = new StagedSave(protocol, join(directory, 'file'), bytes);
      staged.run();
      const open = descriptors();
      for (let again = 0; again < 3; again += 1) staged.run();
      assert.equal(descriptors(), open);
      assert.deepEqual(readdirSync(directory), ['file']);
      assert.deepEqual(readFileSync(join(directory, 'file')), bytes);
      for (const [step, times] of staged.stages) assert.equal(times.count, 4, step);
    });
  }

  it('reports the error of a step, and leaves no temporary', () => {
    mkdirSync(join(directory, 'file'));
    const staged = new StagedSave('rename', join(directory, 'file'), bytes);
    assert.throws(() => staged.run(), { code: /EISDIR|EPERM|EACCES/ });
    assert.deepEqual(readdirSync(directory), ['file']);
  });
});

/** Where the system has no list of them, always the same. */
function descriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}
