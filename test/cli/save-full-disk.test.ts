import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { makeDirectory, removeDirectory, run } from './command.js';

// Mounting needs root.
describe.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)('indelible, on a full disk', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]);
  });
  afterEach(async () => {
    execFileSync('umount', [directory]);
    await removeDirectory(directory);
  });

  it('save fails with one line that names the step and the file, and keeps the old content', async () => {
    await writeFile(join(directory, 'file'), 'old');
    const { status, stdout, stderr } = await run(['save', 'file'], directory, Buffer.alloc(3 * 2 ** 20));
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^indelible: ENOSPC: no space left on device, write '.*file'\n$/);
    assert.equal(await readFile(join(directory, 'file'), 'utf8'), 'old');
    assert.deepEqual(await readdir(directory), ['file']);
  });

  it('bench refuses to start, and says how much space it needs', async () => {
    const { status, stdout, stderr } = await run(['bench', '--json', '-', '--seconds', '0.2'], directory);
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^indelible: the benchmark needs 4 MiB of free space in '\.', which has only \d+ [KM]iB\n$/,
    );
    assert.deepEqual(await readdir(directory), []);
  });

  it('bench refuses a read-only filesystem, and says so', async () => {
    execFileSync('mount', ['-o', 'remount,ro,size=16m', directory]);
    const { status, stderr } = await run(['bench', '--seconds', '0.2'], directory);
    assert.equal(status, 1);
    assert.match(stderr, /^indelible: '\.' is mounted read-only: no file can be saved there/);
  });
});
