import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { diskKind, filesystemUuid } from '../../../bench/measure/disk.js';
import type { Device } from '../../../src/filesystem/device.js';
import { disk } from './measured.js';

const kindOf = (device: Device | undefined, ...codes: ('memory' | 'memory-device' | 'network' | 'fuse')[]) =>
  diskKind({ device, warnings: codes.map((code) => ({ code, message: '' })) });

describe('the kind of a disk', () => {
  it('is that of the disks that the device is made of', () => {
    const rotating = disk({ rotational: true });
    assert.equal(kindOf(disk({ kind: 'md', below: [disk({}), rotating] })), 'rotating');
    assert.equal(kindOf(disk({ kind: 'md', rotational: true, below: [disk({})] })), 'solid state');
    assert.equal(
      kindOf(disk({ kind: 'loop', backing: { path: '/f', filesystem: 'ext4', device: rotating } })),
      'rotating',
    );
  });

  it('is virtual if a hypervisor provides it, whatever it says about turning', () => {
    assert.equal(kindOf(disk({ virtual: true, rotational: true })), 'virtual');
  });

  it('is the filesystem where that has no disk, and unknown without both', () => {
    assert.deepEqual([kindOf(undefined, 'network'), kindOf(undefined, 'fuse')], ['network', 'fuse']);
    assert.deepEqual([kindOf(undefined, 'memory'), kindOf(disk({}), 'memory-device')], ['memory', 'memory']);
    assert.deepEqual([kindOf(undefined), kindOf(disk({ kind: 'network' }))], ['unknown', 'network']);
  });
});

describe('the UUID of a filesystem', () => {
  it('is the name of the link to its device', () => {
    const links = mkdtempSync(join(tmpdir(), 'indelible-test-'));
    try {
      symlinkSync('../../sdb', join(links, 'another'));
      symlinkSync('../../sda1', join(links, '1234-abcd'));
      assert.equal(filesystemUuid(disk({ name: 'sda1' }), links), '1234-abcd');
      assert.equal(filesystemUuid(disk({ name: 'sda' }), links), null);
    } finally {
      rmSync(links, { recursive: true });
    }
  });

  it('is unknown without a device, or without links', () => {
    assert.deepEqual([filesystemUuid(undefined), filesystemUuid(disk({}), '/missing')], [null, null]);
  });
});
