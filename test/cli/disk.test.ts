import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { diskUnder } from '../../src/cli/bench/disk.js';

describe.skipIf(process.platform !== 'linux')('diskUnder', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'indelible-test-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('finds the deepest mount, and no device where there is none', async () => {
    const { filesystem, mountPoint, device } = await diskUnder('/proc/self');
    assert.deepEqual(
      { filesystem, mountPoint, device },
      { filesystem: 'proc', mountPoint: '/proc', device: null },
    );
  });

  it('looks behind symbolic links', async () => {
    const link = join(directory, 'link');
    await symlink('/proc', link);
    assert.equal((await diskUnder(link)).filesystem, 'proc');
  });

  it('rejects for a directory that does not exist', async () => {
    await assert.rejects(diskUnder(join(directory, 'missing')), { code: 'ENOENT' });
  });
});
