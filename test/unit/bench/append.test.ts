import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { APPENDINGS, AppendedLogs, appendingOf, LONGEST_LOG } from '../../../bench/measure/append.js';

describe('blocks that are appended', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'indelible-test-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const size = (file: number) => statSync(join(directory, String(file))).size;

  it('make a file grow block by block, which begins again at its greatest length', () => {
    const logs = new AppendedLogs(directory, appendingOf(LONGEST_LOG / 4, 1));
    const sizes = Array.from({ length: 5 }, () => {
      logs.run();
      return (4 * size(0)) / LONGEST_LOG;
    });
    logs.close();
    assert.deepEqual(sizes, [1, 2, 3, 4, 1]);
  });

  it('go to as many files at once', async () => {
    const logs = new AppendedLogs(directory, appendingOf(8192, 3));
    await logs.run();
    await logs.run();
    logs.close();
    assert.deepEqual([0, 1, 2].map(size), [16384, 16384, 16384]);
  });

  it('overwrite a log that is used again, one behind the other, and never make it longer', () => {
    const [appending] = APPENDINGS.filter(({ reused }) => reused);
    assert.ok(appending !== undefined);
    const logs = new AppendedLogs(directory, appending);
    logs.run();
    logs.run();
    const content = readFileSync(join(directory, '0'));
    assert.equal(content.length, LONGEST_LOG);
    assert.equal(content.lastIndexOf(0x2a), 2 * appending.bytes - 1);
    for (let written = 2; written <= LONGEST_LOG / appending.bytes; written += 1) logs.run();
    logs.close();
    assert.equal(size(0), LONGEST_LOG);
  });
});
