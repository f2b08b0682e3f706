import assert from 'node:assert/strict';
import { afterAll, describe, it } from 'vitest';
import { findMount, findMountByPath, parseMounts, readMount } from '../../../src/filesystem/mounts.js';
import { Recordings } from './recordings.js';

const recordings = new Recordings();
afterAll(() => recordings.remove());

const machineWith = (files: Record<string, string>) =>
  recordings.make({
    kernelRelease: '6.12.0',
    location: { directory: '/', major: 0, minor: 0, mountId: undefined },
    files,
    links: {},
  });

const TABLE = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard
30 27 0:27 / /mnt/with\\040space rw - tmpfs tmp\\134fs rw,size=1k
31 27 8:1 /srv/data /data rw - xfs /dev/sda1 rw,inode64
32 31 8:1 / /data/all ro - xfs /dev/sda1 rw,inode64
33 27 0:40 /@home /home rw - btrfs /dev/sdb1 rw,subvol=/@home
34 27 0:41 / /stacked rw - tmpfs below rw
35 34 0:42 / /stacked rw - tmpfs above rw
36 27 0:43 / /empty rw -  - none rw
`;
const mounts = parseMounts(TABLE);

describe('the mount table', () => {
  it('is read with any number of optional fields', () => {
    assert.deepEqual(mounts[1], {
      id: 27,
      major: 254,
      minor: 0,
      root: '/',
      point: '/',
      options: ['rw', 'relatime'],
      type: 'ext4',
      source: '/dev/vda',
      superOptions: ['rw', 'discard'],
      line: '27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard',
    });
  });

  it('has its octal escapes decoded', () => {
    assert.equal(mounts[2]?.point, '/mnt/with space');
    assert.equal(mounts[2]?.source, 'tmp\\fs');
  });

  it('is read without the lines that do not have the documented form', () => {
    assert.deepEqual(
      parseMounts('nonsense\n\n1 2 x\n27 1 254:0 / / rw - ext4 /dev/vda rw\n').map(({ id }) => id),
      [27],
    );
  });
});

describe('finding the mount of a location', () => {
  const at = (directory: string, major: number, minor: number, mountId?: number) =>
    findMount(mounts, { directory, major, minor, mountId });

  it('uses the mount id', () => {
    assert.equal(at('/anything', 8, 1, 31)?.point, '/data');
  });

  it('finds nothing if the mount id now belongs to another filesystem', () => {
    assert.equal(at('/data', 8, 2, 31), undefined);
    assert.equal(at('/data', 0, 99, 31), undefined);
  });

  it('finds a btrfs subvolume, which has its own device number, by the mount id', () => {
    assert.equal(at('/home/x', 0, 77, 33)?.type, 'btrfs');
  });

  it('uses the device and the longest path if there is no mount id', () => {
    assert.equal(at('/data/all/x', 8, 1)?.point, '/data/all');
    assert.equal(at('/data/allowance', 8, 1)?.point, '/data');
  });

  it('accepts any mount of the device for a path through a symbolic link', () => {
    assert.equal(at('/link', 8, 1)?.type, 'xfs');
  });

  it('finds nothing for a device that the table does not list', () => {
    assert.equal(at('/data', 8, 7), undefined);
  });

  it('gives the same where only its line is parsed', () => {
    const machine = machineWith({ '/proc/self/mountinfo': TABLE });
    for (const mount of mounts) {
      for (const mountId of [mount.id, undefined]) {
        const location = { directory: `${mount.point}/x`, major: mount.major, minor: mount.minor, mountId };
        assert.deepEqual(readMount(machine, location), findMount(mounts, location));
        assert.deepEqual(
          readMount(machine, { ...location, minor: 99 }),
          findMount(mounts, { ...location, minor: 99 }),
        );
      }
    }
    const link = { directory: '/link', major: 8, minor: 1, mountId: undefined };
    assert.deepEqual(readMount(machine, link), findMount(mounts, link));
    assert.equal(readMount(machine, { ...link, mountId: 77 }), undefined);
  });

  it('reads a table of thousands of mounts, and one that ends without a newline', () => {
    const line = (id: number) => `${id} 27 0:${id} / /mounts/ä${id} rw - tmpfs tmpfs rw`;
    const table = Array.from({ length: 3000 }, (_, index) => line(index + 100)).join('\n');
    const machine = machineWith({ '/proc/self/mountinfo': table });
    for (const id of [100, 101, 1234, 3099]) {
      const location = { directory: `/mounts/ä${id}/x`, major: 0, minor: id };
      assert.equal(readMount(machine, { ...location, mountId: id })?.line, line(id));
      assert.equal(readMount(machine, { ...location, mountId: undefined })?.line, line(id));
    }
  });

  it('finds nothing in a table that is hidden', () => {
    const machine = machineWith({});
    assert.equal(readMount(machine, { directory: '/', major: 8, minor: 1, mountId: 1 }), undefined);
  });

  it('prefers the mount that hides the others', () => {
    assert.equal(findMountByPath(mounts, '/stacked/x')?.source, 'above');
  });
});
