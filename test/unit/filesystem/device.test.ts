import assert from 'node:assert/strict';
import { afterAll, describe, it } from 'vitest';
import { type Device, findDeviceNumber, readDevice } from '../../../src/filesystem/device.js';
import { findDeviceWarnings } from '../../../src/filesystem/device-warnings.js';
import { readMounts } from '../../../src/filesystem/mounts.js';
import { type Changes, Recordings } from './recordings.js';

const recordings = new Recordings();
afterAll(() => recordings.remove());

function deviceOf(name: string, changes?: Changes): Device {
  const { machine, location } = recordings.load(name, changes);
  const device = readDevice(machine, readMounts(machine) ?? [], location);
  assert.ok(device);
  return device;
}

/** The names of the device and of all devices below it. */
function tree({ name, kind, below, backing }: Device): unknown[] {
  return [`${name} ${kind}`, ...below.map(tree), ...(backing?.device ? [tree(backing.device)] : [])];
}

const codes = (name: string, changes?: Changes) =>
  findDeviceWarnings(deviceOf(name, changes)).map(({ code }) => code);

describe('the device under a filesystem', () => {
  it('is followed through LVM, encryption and the partition to the disk', () => {
    const device = deviceOf('handmade-nvme-luks-lvm');
    assert.deepEqual(tree(device), [
      'dm-1 device-mapper',
      ['dm-0 device-mapper', ['nvme0n1p3 partition', ['nvme0n1 disk']]],
    ]);
    assert.equal(device.model, 'vg-root');
  });

  it('is followed through RAID to every disk', () => {
    const device = deviceOf('handmade-md-hdd');
    assert.deepEqual(tree(device), [
      'md0 md',
      ['sda2 partition', ['sda disk']],
      ['sdb2 partition', ['sdb disk']],
    ]);
    assert.equal(device.model, 'raid1');
  });

  it('is followed through a loop device to its file and the filesystem of that file', () => {
    const { kind, backing } = deviceOf('ext4');
    assert.equal(kind, 'loop');
    assert.deepEqual(backing, { path: '/dev/shm/disk.img', filesystem: 'tmpfs', device: undefined });
  });

  it('is followed through a loop device to the disk of its file', () => {
    const backing = { '/sys/devices/virtual/block/loop1/loop/backing_file': '/srv/disk.img\n' };
    assert.deepEqual(tree(deviceOf('ext4', backing)), ['loop1 loop', ['vda disk']]);
  });

  it('has the properties that the disk and the kernel report', () => {
    const nvme = '/sys/devices/pci0000:00/0000:00:06.0/0000:01:00.0/nvme/nvme0/nvme0n1';
    const sized = deviceOf('handmade-nvme-luks-lvm', { [`${nvme}/size`]: '1953525168\n' });
    const disk = sized.below[0]?.below[0]?.below[0];
    assert.deepEqual(disk, {
      name: 'nvme0n1',
      major: 259,
      minor: 0,
      kind: 'disk',
      bytes: 1_000_204_886_016,
      model: 'Samsung SSD 980 PRO 1TB',
      bus: 'nvme',
      virtual: false,
      rotational: false,
      writeCache: 'write back',
      reportedCache: 'unknown',
      forceUnitAccess: true,
      backing: undefined,
      below: [],
    });
  });

  it('uses the queue of the disk if it is a partition', () => {
    const partition = deviceOf('handmade-md-hdd').below[0];
    assert.equal(partition?.rotational, true);
    assert.equal(partition?.writeCache, 'write back');
  });

  it('is recognized as virtual by its bus or its model', () => {
    const virtio = deviceOf('handmade-virtio-without-flush').below[0];
    assert.deepEqual([virtio?.bus, virtio?.virtual], ['virtio', true]);
    const hyperv = deviceOf('handmade-hyperv').below[0];
    assert.deepEqual([hyperv?.model, hyperv?.virtual], ['Msft Virtual Disk', true]);
    const hdd = deviceOf('handmade-md-hdd').below[0]?.below[0];
    assert.deepEqual([hdd?.model, hdd?.bus, hdd?.virtual], ['ST4000NM0035', 'ata', false]);
  });

  it('is found by the mount source on btrfs', () => {
    const { machine } = recordings.load('btrfs');
    assert.deepEqual(findDeviceNumber(machine, '/dev/loop1'), { major: 7, minor: 1 });
    assert.equal(findDeviceNumber(machine, 'server:/export'), undefined);
  });

  it('is found by its device-mapper name', () => {
    const { machine } = recordings.load('handmade-nvme-luks-lvm', {
      '/sys/class/block/dm-0/dm/name': 'nvme0n1p3_crypt\n',
      '/sys/class/block/dm-1/dm/name': 'vg-root\n',
      '/sys/class/block/dm-1/dev': '253:1\n',
    });
    assert.deepEqual(findDeviceNumber(machine, '/dev/mapper/vg-root'), { major: 253, minor: 1 });
  });

  it('is undefined if /sys is hidden, or if the number is not a device', () => {
    const { machine, location } = recordings.load('ext4', { '/sys': null });
    assert.equal(readDevice(machine, [], location), undefined);
    assert.equal(readDevice(recordings.load('tmpfs').machine, [], { major: 0, minor: 39 }), undefined);
  });

  it('is read even if the kernel describes a cycle', () => {
    const machine = recordings.make({
      kernelRelease: '6.12.30',
      location: { directory: '/', major: 253, minor: 0, mountId: 1 },
      files: { '/sys/devices/virtual/block/dm-0/dev': '253:0\n' },
      links: {
        '/sys/dev/block/253:0': '../../devices/virtual/block/dm-0',
        '/sys/devices/virtual/block/dm-0/slaves/dm-0': '../../dm-0',
      },
    });
    assert.equal(readDevice(machine, [], { major: 253, minor: 0 })?.name, 'dm-0');
  });
});

describe('the warnings about a device', () => {
  it('are given for a disk whose cache the kernel does not flush', () => {
    const warnings = findDeviceWarnings(deviceOf('handmade-md-hdd'));
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['write-cache'],
    );
    assert.match(warnings[0]?.message ?? '', /^sdb has a cache that loses writes/);
  });

  it('are given for a USB disk that reports no cache', () => {
    assert.deepEqual(codes('handmade-usb'), ['write-cache']);
  });

  it('are given for virtual and network disks that offer no flush', () => {
    assert.deepEqual(codes('handmade-virtio-without-flush'), ['write-cache']);
    assert.deepEqual(codes('handmade-nbd'), ['write-cache']);
  });

  it('are given for devices in memory', () => {
    assert.deepEqual(codes('handmade-zram'), ['memory-device']);
    assert.deepEqual(codes('ext4'), ['memory-device']);
  });

  it('are not given for disks that are flushed', () => {
    assert.deepEqual(codes('handmade-nvme-luks-lvm'), []);
    assert.deepEqual(codes('handmade-hyperv'), []);
  });
});
