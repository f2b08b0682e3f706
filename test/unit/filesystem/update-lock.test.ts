import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { parseMounts } from '../../../src/filesystem/mounts.js';
import { findUpdateLock, inspectUpdate } from '../../../src/filesystem/update-lock.js';

const mountOf = (type: string, superOptions = 'rw') =>
  parseMounts(`27 1 0:38 / / rw - ${type} source ${superOptions}\n`)[0];

const locksOf = (types: string, superOptions?: string) =>
  types.split(' ').map((type) => findUpdateLock(mountOf(type, superOptions)));

const all = (types: string, lock: string) => types.split(' ').map(() => lock);

describe('the lock of an update by default', () => {
  it('reaches all machines where a shared filesystem passes locks on', () => {
    const types = 'nfs nfs4 fuse.glusterfs ceph fuse.ceph fuse.ceph-fuse lustre gfs2';
    assert.deepEqual(locksOf(types), all(types, 'everywhere'));
    assert.deepEqual(locksOf('ocfs2', 'rw,cluster_stack=pcmk'), ['everywhere']);
    assert.deepEqual(locksOf('nfs', 'rw,vers=3,local_lock=none'), ['everywhere']);
    assert.deepEqual(locksOf('nfs4', 'rw,local_lock=flock'), ['everywhere']);
  });

  it('is refused on other shared filesystems, and where an option keeps locks on the machine', () => {
    const types =
      'cifs smb3 fuse.sshfs fuse.s3fs fuse.juicefs fuse.mfs afs beegfs gpfs orangefs glusterfs ocfs2';
    assert.deepEqual(locksOf(types), all(types, 'none'));
    assert.deepEqual(locksOf('nfs', 'rw,nolock'), ['none']);
    assert.deepEqual(locksOf('nfs nfs4', 'rw,local_lock=posix'), ['none', 'none']);
    assert.deepEqual(locksOf('nfs nfs4', 'rw,local_lock=all'), ['none', 'none']);
    assert.deepEqual(locksOf('lustre', 'rw,localflock'), ['none']);
    assert.deepEqual(locksOf('gfs2', 'rw,localflocks'), ['none']);
    assert.deepEqual(locksOf('ocfs2', 'rw,cluster_stack=o2cb'), ['none']);
  });

  it('reaches this machine on all others, of which only local ones have more', () => {
    const local = 'ext4 xfs btrfs tmpfs vfat';
    assert.deepEqual(locksOf(local), all(local, 'local'));
    const others = 'fuse fuseblk fuse.bindfs fuse.mergerfs virtiofs 9p overlay zfs';
    assert.deepEqual(locksOf(others), all(others, 'machine'));
    assert.equal(findUpdateLock(undefined), 'machine');
  });

  it('is described in one sentence', () => {
    const described = (type: string) => inspectUpdate(mountOf(type), true);
    assert.deepEqual(described('nfs4'), {
      lock: 'everywhere',
      reason: 'nfs4 is shared, and its file locks reach all machines.',
    });
    assert.equal(described('ext4').lock, 'machine');
    assert.equal(described('fuse.bindfs').lock, 'machine');
    assert.equal(described('cifs').lock, 'none');
    assert.match(described('cifs').reason, /lock: 'machine'/);
    assert.equal(inspectUpdate(mountOf('nfs4'), false).lock, 'none');
  });
});
