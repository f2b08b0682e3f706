import assert from 'node:assert/strict';
import { afterAll, describe, it } from 'vitest';
import { type Decision, decide } from '../../../src/filesystem/decision.js';
import { Machine } from '../../../src/filesystem/machine.js';
import { type Changes, Recordings } from './recordings.js';

const recordings = new Recordings();
afterAll(() => recordings.remove());

function decideOn(name: string, changes: Changes = {}): Decision {
  const { machine, location } = recordings.load(name, changes);
  return decide(location, 3, machine);
}

/** Decides with a mount table that lists one filesystem of this type. */
function decideOnType(type: string, superOptions = 'rw'): Decision {
  const line = `27 1 7:1 / / rw - ${type} source ${superOptions}\n`;
  const { machine, location } = recordings.load('ext4', { '/proc/self/mountinfo': line });
  return decide({ ...location, mountId: 27 }, 3, machine);
}

function achieved({ durable, ordered, syncRenameSync }: Decision): string[] {
  assert.equal(syncRenameSync.durable.achieves, durable.achieves);
  assert.equal(syncRenameSync.ordered.achieves, ordered.achieves);
  return [durable.achieves, ordered.achieves];
}

const codes = ({ warnings }: Decision) => warnings.map(({ code }) => code);

describe('where nothing survives power loss', () => {
  it('a save to memory is only a rename, and achieves no durability', () => {
    for (const decision of [decideOn('tmpfs'), decideOnType('ramfs'), decideOnType('devtmpfs')]) {
      assert.deepEqual(decision.durable, {
        protocol: 'rename',
        achieves: 'none',
        temporary: 'named',
        replaced: 'released',
      });
      assert.deepEqual(decision.ordered, decision.durable);
      assert.deepEqual(codes(decision), ['memory']);
      assert.equal(decision.syncRenameSync.durable.achieves, 'none');
    }
  });

  it('a volatile overlay is recognized', () => {
    const decision = decideOn('overlay-volatile');
    assert.deepEqual(achieved(decision), ['none', 'none']);
    assert.deepEqual(codes(decision), ['volatile-overlay']);
    assert.deepEqual(codes(decideOnType('overlay', 'rw,volatile')), ['volatile-overlay']);
    assert.deepEqual(achieved(decideOn('overlay')), ['durable', 'ordered']);
    assert.deepEqual(codes(decideOn('overlay')), []);
  });

  it('an overlay with its upper directory in memory counts as memory', () => {
    const table =
      '43 27 0:38 / /mnt/disk rw - tmpfs tmpfs rw\n' +
      '46 27 0:39 / /mnt/merged rw - overlay overlay rw,upperdir=/mnt/disk/upper,workdir=/mnt/disk/work\n';
    const decision = decideOn('overlay', { '/proc/self/mountinfo': table });
    assert.deepEqual(achieved(decision), ['none', 'none']);
    assert.deepEqual(codes(decision), ['memory']);
  });

  it("an overlay's upper directory in another mount namespace is not looked up in this one", () => {
    const table =
      '43 27 0:38 / /tmp rw - tmpfs tmpfs rw\n' +
      '46 27 0:39 / / rw - overlay overlay rw,upperdir=/tmp/snapshots/upper,workdir=/tmp/snapshots/work\n';
    const decision = decideOn('overlay', { '/proc/self/mountinfo': table });
    assert.deepEqual(codes(decision), []);
  });

  it('missing write barriers are found in the options in force', () => {
    const decision = decideOn('ext4-nobarrier');
    assert.deepEqual(achieved(decision), ['none', 'none']);
    assert.deepEqual(codes(decision), ['no-barriers']);
  });

  it('missing write barriers are found where the mount table omits them', () => {
    assert.ok(codes(decideOn('ext4-hidden-defaults')).includes('no-barriers'));
  });

  it('missing write barriers are found on other filesystems', () => {
    assert.deepEqual(codes(decideOnType('btrfs', 'rw,nobarrier')), ['no-barriers']);
    assert.deepEqual(codes(decideOnType('btrfs', 'rw,barrier')), []);
    assert.deepEqual(codes(decideOnType('f2fs', 'rw,fsync_mode=nobarrier')), ['no-barriers']);
    assert.deepEqual(codes(decideOnType('f2fs', 'rw,barrier,fsync_mode=posix')), []);
  });

  it('a preloaded eatmydata is found in the memory map and prevents the single commit', () => {
    const maps = '7f0000000000-7f0000001000 r-xp 00000000 08:01 1 /usr/lib/libeatmydata/libeatmydata.so\n';
    const decision = decideOn('ext4', { '/proc/self/maps': maps });
    assert.deepEqual(achieved(decision), ['none', 'none']);
    assert.deepEqual(codes(decision), ['syncs-disabled']);
    assert.equal(decision.durable.protocol, 'sync-rename-sync');
  });
});

describe('where a crash during a save may damage the old version', () => {
  it('data=writeback promises no order and gives a warning', () => {
    const decision = decideOn('ext4-data-writeback');
    assert.deepEqual(achieved(decision), ['durable', 'none']);
    assert.deepEqual(codes(decision), ['data-writeback']);
  });

  it('a missing journal promises no order and gives a warning', () => {
    for (const decision of [decideOn('ext4-no-journal'), decideOn('ext2'), decideOnType('exfat')]) {
      assert.deepEqual(achieved(decision), ['durable', 'none']);
      assert.deepEqual(codes(decision), ['no-journal']);
    }
  });

  it('FAT promises nothing, because the sync of a directory does not write where the data of a new name is', () => {
    for (const type of ['vfat', 'msdos']) {
      const decision = decideOnType(type);
      assert.deepEqual(achieved(decision), ['none', 'none']);
      assert.equal(decision.durable.protocol, 'sync-rename-sync');
      assert.deepEqual(codes(decision), ['no-journal']);
    }
  });

  it('an ext4 without a journal pins the old version until the new one is durable', () => {
    for (const name of ['ext4-no-journal', 'ext2'] as const) {
      const { durable, ordered, syncRenameSync, reason } = decideOn(name);
      assert.deepEqual(
        [durable.replaced, syncRenameSync.durable.replaced, ordered.replaced],
        ['held', 'held', 'released'],
      );
      assert.match(reason, /until then a second name pins the old version/);
    }
    assert.equal(decideOnType('exfat').durable.replaced, 'released');
    assert.equal(decideOn('btrfs').durable.replaced, 'released');
  });
});

describe('where durability cannot be checked', () => {
  it('servers that are known to store names when their directory is synced are trusted with a warning', () => {
    for (const type of ['nfs', 'nfs4', '9p', 'ceph', 'lustre', 'fuse.ceph-fuse']) {
      assert.deepEqual(achieved(decideOnType(type)), ['durable', 'ordered'], type);
      assert.deepEqual(codes(decideOnType(type)), ['network'], type);
    }
    assert.deepEqual(achieved(decideOnType('virtiofs')), ['durable', 'ordered']);
    assert.deepEqual(codes(decideOnType('virtiofs')), ['fuse']);
  });

  it('no new name is durable on any other network filesystem', () => {
    for (const type of [
      'cifs',
      'smb3',
      'afs',
      'orangefs',
      'vboxsf',
      'fuse.glusterfs',
      'fuse.sshfs',
      'fuse.s3fs',
    ]) {
      const decision = decideOnType(type);
      assert.deepEqual(achieved(decision), ['ordered', 'ordered'], type);
      assert.equal(decision.durable.protocol, 'sync-rename-sync');
      assert.deepEqual(codes(decision), ['network'], type);
      assert.match(decision.warnings[0]?.message ?? '', /is not known to reach the server/);
    }
  });

  it('no new name is durable on any other FUSE filesystem', () => {
    const types = ['bindfs', 'mergerfs', 'encfs', 'novelfs', 'glusterfs2'];
    for (const type of ['fuse', 'fuseblk', ...types.flatMap((one) => [`fuse.${one}`, `fuseblk.${one}`])]) {
      const decision = decideOnType(type);
      assert.deepEqual(achieved(decision), ['ordered', 'ordered'], type);
      assert.equal(decision.durable.protocol, 'sync-rename-sync');
      assert.deepEqual(codes(decision), ['fuse'], type);
      assert.match(decision.warnings[0]?.message ?? '', /is not known to reach the disk/);
    }
  });

  it('an overlay that keeps its changes on such a FUSE filesystem is limited like it', () => {
    const table =
      '43 27 0:38 / /mnt/disk rw - fuse.bindfs source rw\n' +
      '46 27 0:39 / /mnt/merged rw - overlay overlay rw,upperdir=/mnt/disk/upper,workdir=/mnt/disk/work\n';
    const decision = decideOn('overlay', { '/proc/self/mountinfo': table });
    assert.deepEqual(achieved(decision), ['ordered', 'ordered']);
    assert.deepEqual(codes(decision), ['fuse']);
  });

  it('the weakest of several limits counts', () => {
    assert.deepEqual(achieved(decideOnType('fuse.bindfs', 'rw,nobarrier')), ['none', 'none']);
  });

  it('an unknown filesystem gets sync-rename-sync without a warning', () => {
    assert.deepEqual(achieved(decideOnType('novelfs')), ['durable', 'ordered']);
    assert.deepEqual(codes(decideOnType('novelfs')), []);
  });

  it('a system without /proc gets sync-rename-sync', () => {
    const machine = new Machine({ platform: 'darwin', kernelRelease: '24.5.0', procRoot: '/nonexistent' });
    const decision = decide({ directory: '/', major: 1, minor: 4, mountId: undefined }, 3, machine);
    assert.equal(decision.durable.protocol, 'sync-rename-sync');
    assert.deepEqual(achieved(decision), ['durable', 'ordered']);
  });
});
