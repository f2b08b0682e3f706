import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { thisProcess } from '../../src/fs/temporary-owner.js';
import { makeDirectory, removeDirectory, run } from './command.js';

describe('indelible sweep', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(() => removeDirectory(directory));

  it.skipIf(process.platform !== 'linux')(
    'prints the files that it has removed, and keeps all others',
    async () => {
      const { processId, startTime, boot, namespaces } = thisProcess();
      const alive = `.indelible-p-${processId}-${startTime}-${boot}-${namespaces}-abcdefghij234567`;
      const dead = `.indelible-p-${processId}-${startTime - 1}-${boot}-${namespaces}-abcdefghij234567`;
      for (const name of [alive, dead, 'file']) await writeFile(join(directory, name), '');
      const { status, stdout, stderr } = await run(['sweep', directory], '/');
      assert.deepEqual([status, stdout, stderr], [0, `${join(directory, dead)}\n`, '']);
      assert.deepEqual((await readdir(directory)).sort(), [alive, 'file'].sort());
    },
  );

  it('fails with 1 if a directory cannot be read', async () => {
    const { status, stderr } = await run(['sweep', directory, join(directory, 'missing')], '/');
    assert.equal(status, 1);
    assert.match(stderr, /^indelible: ENOENT: /);
  });

  it('refuses to run without a directory', async () => {
    const { status, stderr } = await run(['sweep'], directory);
    assert.equal(status, 2);
    assert.match(stderr, /missing required argument 'dir'/);
  });
});
