import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { inspect, inspectSync } from '../../src/api/inspect.js';
import { bindFile, mountDisk, mountTmpfs } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';

const missing = missingFor('mkfs.ext4', 'mkfs.btrfs');
if (missing !== undefined) process.stderr.write(`inspect.test.ts is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)('inspect', () => {
  let workspace: Workspace;
  let disk: string;

  beforeAll(async () => {
    workspace = await Workspace.create();
    disk = (await mountDisk(workspace, 'disk', { format: 'ext4' })).directory;
  });
  afterAll(async () => {
    await workspace.remove();
  });

  it('returns the same as inspectSync', async () => {
    assert.deepEqual(inspectSync(disk), await inspect(disk));
  });

  it('inspects the nearest parent of what does not exist yet', async () => {
    const { path, mount } = await inspect(join(disk, 'not', 'there', 'yet'));
    assert.equal(path, disk);
    assert.equal(mount?.path, disk);
  });

  it('follows a symbolic link, even if its target does not exist yet', async () => {
    const tmpfs = (await mountTmpfs(workspace, 'tmpfs')).directory;
    const link = join(disk, 'link');
    symlinkSync(join(tmpfs, 'not-created-yet'), link);
    assert.equal((await inspect(link)).mount?.type, 'tmpfs');
    writeFileSync(join(tmpfs, 'not-created-yet'), '');
    assert.equal((await inspect(link)).path, join(tmpfs, 'not-created-yet'));
  });

  it('accepts a path that is not UTF-8', async () => {
    const directory = Buffer.concat([Buffer.from(`${disk}/`), Buffer.from([0xff, 0xfe])]);
    mkdirSync(directory);
    assert.equal((await inspect(directory)).mount?.path, disk);
  });

  it('follows a loop device to its file and the filesystem of that file', async () => {
    const { device, warnings } = await inspect(disk);
    assert.equal(device?.kind, 'loop');
    assert.equal(device?.backing?.path, workspace.path('disk.img'));
    assert.equal(device?.backing?.filesystem, 'tmpfs');
    assert.equal(device?.bytes, 64 * 2 ** 20);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['memory-device'],
    );
  });

  it('finds the device of btrfs', async () => {
    const { directory, device } = await mountDisk(workspace, 'btrfs', { format: 'btrfs' });
    assert.equal(`/dev/${(await inspect(directory)).device?.name}`, device);
  });

  it('detects a single file that is mounted, and warns', async () => {
    const file = join(disk, 'settings');
    writeFileSync(file, '');
    await bindFile(workspace, 'bound', file);
    const { mount, warnings } = await inspect(file);
    assert.equal(mount?.boundFile, true);
    assert.equal(mount?.root.endsWith('/bound'), true);
    assert.ok(warnings.some(({ code }) => code === 'mount-point'));
    assert.ok(!(await inspect(disk)).warnings.some(({ code }) => code === 'mount-point'));
  });

  it('rejects like fs if the path cannot be resolved', async () => {
    const loop = join(disk, 'loop');
    symlinkSync(loop, loop);
    await assert.rejects(inspect(loop), { code: 'ELOOP' });
    await assert.rejects(inspect(join(disk, 'settings', 'below')), { code: 'ENOTDIR' });
    await assert.rejects(inspect(''), { code: 'ENOENT' });
  });
});
