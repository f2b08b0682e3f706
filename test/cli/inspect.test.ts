import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { Filesystem } from '../../src/index.js';
import { inspect } from '../../src/index.js';
import { makeDirectory, removeDirectory, run } from './command.js';

describe('indelible inspect', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(() => removeDirectory(directory));

  it('describes every path, one after the other, and exits with 0', async () => {
    const { status, stdout, stderr } = await run(['inspect', '.', directory], directory);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^\. \(inspected: .*\)\n {2}mount /);
    assert.match(stdout, /\n\n\/.*\n {2}mount /);
  });

  it('inspects the working directory by default', async () => {
    const { stdout } = await run(['inspect'], directory);
    assert.equal(stdout, (await run(['inspect', '.'], directory)).stdout);
  });

  it('prints the result of inspect() as JSON, with null for unknown values', async () => {
    const { status, stdout } = await run(['inspect', '--json', directory, '/dev/null'], directory);
    assert.equal(status, 0);
    const filesystems: Filesystem[] = JSON.parse(stdout);
    assert.equal(filesystems.length, 2);
    const expected = await inspect(directory);
    assert.deepEqual(filesystems[0]?.protocol, expected.protocol);
    assert.deepEqual(filesystems[0]?.mount, expected.mount ?? null);
    assert.deepEqual(Object.keys(filesystems[0] ?? {}), Object.keys(expected));
  });

  it('fails with 1 and the reason if a path cannot be inspected', async () => {
    const { status, stdout, stderr } = await run(['inspect', '.', '/dev/null/x'], directory);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^indelible: ENOTDIR: .*'\/dev\/null\/x'\n$/);
  });
});
