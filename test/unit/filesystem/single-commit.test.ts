import assert from 'node:assert/strict';
import { afterAll, describe, it } from 'vitest';
import { type Decision, decide } from '../../../src/filesystem/decision.js';
import { SYNCS_THAT_SHOW_NO_FAST_COMMIT } from '../../../src/filesystem/ext4-proof.js';
import { type Changes, Recordings } from './recordings.js';

const recordings = new Recordings();
afterAll(() => recordings.remove());

const OPTIONS = '/proc/fs/ext4/loop1/options';
const FAST_COMMITS = '/proc/fs/ext4/loop1/fc_info';

function decideOn(name: string, changes: Changes = {}, syncs = SYNCS_THAT_SHOW_NO_FAST_COMMIT): Decision {
  const { machine, location } = recordings.load(name, changes);
  return decide(location, syncs, machine);
}

function assertSyncRenameSync({ durable, ordered, none, provisional }: Decision): void {
  assert.deepEqual([durable.protocol, durable.temporary], ['sync-rename-sync', 'named']);
  assert.deepEqual([ordered.protocol, ordered.temporary], ['sync-rename-sync', 'named']);
  assert.deepEqual(none, { protocol: 'rename', achieves: 'none', temporary: 'named', replaced: 'released' });
  assert.equal(provisional, false);
}

describe('the single commit on ext4', () => {
  it('is used on an ext4 with a journal in its default mode', () => {
    const decision = decideOn('ext4');
    assert.deepEqual(decision.durable, {
      protocol: 'single-commit',
      achieves: 'durable',
      temporary: 'unnamed',
      replaced: 'released',
    });
    assert.deepEqual(decision.ordered, {
      protocol: 'single-commit',
      achieves: 'ordered',
      temporary: 'unnamed',
      replaced: 'released',
    });
    assert.deepEqual(decision.none, {
      protocol: 'rename',
      achieves: 'none',
      temporary: 'unnamed',
      replaced: 'released',
    });
    assert.deepEqual(decision.warnings, []);
  });

  it('is used with data=journal', () => {
    assert.equal(decideOn('ext4-data-journal').durable.protocol, 'single-commit');
  });

  it('gives its reason and the files that it read', () => {
    const { reason, evidence } = decideOn('ext4');
    assert.match(reason, /data=ordered, barriers and an internal journal/);
    assert.deepEqual(
      evidence.find(({ from }) => from === OPTIONS),
      { from: OPTIONS, says: 'barrier,data=ordered' },
    );
    assert.match(evidence[0]?.says ?? '', / - ext4 \/dev\/loop1 /);
  });

  for (const [name, why] of [
    ['ext4-no-journal', /without a journal/],
    ['ext4-data-writeback', /data=writeback/],
    ['ext4-nobarrier', /without write barriers/],
    ['ext4-external-journal', /journal is not known to be internal/],
    ['ext3', /ext3, on which one commit is not proven/],
    ['ext2', /ext2, on which one commit is not proven/],
  ] as const) {
    it(`is refused on ${name}`, () => {
      const decision = decideOn(name);
      assertSyncRenameSync(decision);
      assert.match(decision.reason, why);
    });
  }

  it('is refused where unsafe defaults are missing from the mount table', () => {
    const { machine } = recordings.load('ext4-hidden-defaults');
    assert.match(machine.read('/proc/self/mountinfo') ?? '', / - ext4 \/dev\/loop1 rw$/m);
    assertSyncRenameSync(decideOn('ext4-hidden-defaults'));
  });

  for (const [what, changes] of [
    ['the mount table', { '/proc/self/mountinfo': null }],
    ['all of /proc', { '/proc': null }],
    ['all of /sys', { '/sys': null }],
    ["the device's name", { '/sys/dev/block': null }],
    ['the options in force', { [OPTIONS]: null }],
    ["the driver's directory in /proc", { '/proc/fs': null }],
    ['the journals', { '/proc/fs/jbd2': null }],
  ] as const) {
    it(`is refused where ${what} cannot be read`, () => assertSyncRenameSync(decideOn('ext4', changes)));
  }

  for (const [what, options] of [
    ['barriers are not listed', 'rw\ndata=ordered\n'],
    ['barriers are off', 'rw\nnobarrier\ndata=ordered\n'],
    ['journal_async_commit is on', 'rw\nbarrier\njournal_async_commit\ndata=ordered\n'],
    ['files bypass the page cache', 'rw\nbarrier\ndata=ordered\ndax=always\n'],
    ['the data mode is not listed', 'rw\nbarrier\n'],
    ['the data mode is unknown', 'rw\nbarrier\ndata=novel\n'],
    ['nothing is listed', ''],
  ] as const) {
    it(`is refused where ${what}`, () => assertSyncRenameSync(decideOn('ext4', { [OPTIONS]: options })));
  }

  it("is refused where the only visible journal is another device's", () => {
    assertSyncRenameSync(
      decideOn('ext4', { '/proc/fs/jbd2/loop1-8': null, '/proc/fs/jbd2/loop11-8/info': '' }),
    );
  });

  it('is refused where the mount id now belongs to another filesystem', () => {
    const { machine, location } = recordings.load('ext4');
    assertSyncRenameSync(decide({ ...location, minor: 2 }, 3, machine));
  });

  it('stays whatever becomes of other mounts, unless something could not be read', () => {
    assert.equal(decideOn('ext4').ofMountAlone, true);
    assert.equal(decideOn('ext4-no-journal').ofMountAlone, true);
    assert.equal(decideOn('xfs').ofMountAlone, true);
    assert.equal(decideOn('tmpfs').ofMountAlone, true);
    assert.equal(decideOn('overlay').ofMountAlone, false);
    for (const hidden of ['/proc/self/mountinfo', '/sys', '/proc/fs/jbd2', OPTIONS, FAST_COMMITS])
      assert.equal(decideOn('ext4', { [hidden]: null }).ofMountAlone, false, hidden);
    assert.equal(decideOn('xfs', { '/sys': null }).ofMountAlone, false);
  });

  it('needs no look at what a close reports and a directory sync waits for, where both are known', () => {
    const known = (name: string) => {
      const { reportsOnClose, directorySyncWaits } = decideOn(name);
      return [!reportsOnClose, directorySyncWaits];
    };
    for (const name of ['ext4', 'ext4-no-journal', 'ext2', 'xfs', 'tmpfs'])
      assert.deepEqual(known(name), [true, true], name);
    assert.deepEqual(known('btrfs'), [true, false]);
    assert.deepEqual(known('overlay'), [false, false]);
    const hidden = decideOn('xfs', { '/proc/self/mountinfo': null });
    assert.deepEqual([!hidden.reportsOnClose, hidden.directorySyncWaits], [false, false]);
  });

  it('is used where the kernel gives no mount id', () => {
    const { machine, location } = recordings.load('ext4');
    const decision = decide({ ...location, mountId: undefined }, 3, machine);
    assert.equal(decision.durable.protocol, 'single-commit');
  });
});

describe('unnamed temporaries on ext4', () => {
  it('are used only after syncs of durable saves have shown that fast_commit is off', () => {
    for (let syncs = 0; syncs < SYNCS_THAT_SHOW_NO_FAST_COMMIT; syncs += 1) {
      const { durable, ordered, none, provisional, reason } = decideOn('ext4', {}, syncs);
      assert.deepEqual([durable.protocol, durable.temporary], ['sync-rename-sync', 'named']);
      assert.deepEqual([ordered.protocol, ordered.temporary], ['single-commit', 'named']);
      assert.deepEqual([none.protocol, none.temporary], ['rename', 'named']);
      assert.equal(provisional, true);
      assert.match(reason, /durable saves also sync the file, until 3 of them /);
    }
    const decision = decideOn('ext4', {}, SYNCS_THAT_SHOW_NO_FAST_COMMIT);
    assert.deepEqual(
      [decision.durable.protocol, decision.durable.temporary, decision.provisional],
      ['single-commit', 'unnamed', false],
    );
  });

  it('are never used after a fast commit was counted', () => {
    const decision = decideOn('ext4-fast-commit');
    assert.deepEqual(
      [decision.durable.protocol, decision.durable.temporary, decision.provisional],
      ['single-commit', 'named', false],
    );
    assert.match(decision.reason, /fast_commit is on/);
  });

  it('are not used on an ext4 with fast_commit before its first sync', () => {
    const decision = decideOn('ext4-fast-commit-fresh', {}, 0);
    assert.deepEqual(
      [decision.durable.protocol, decision.durable.temporary, decision.provisional],
      ['sync-rename-sync', 'named', true],
    );
  });

  it('are not used where the counters cannot be read or understood', () => {
    for (const text of [null, '', 'fc stats:\n', '0 commits\n']) {
      const decision = decideOn('ext4', { [FAST_COMMITS]: text });
      assert.deepEqual(
        [decision.durable.protocol, decision.durable.temporary, decision.provisional],
        ['single-commit', 'named', false],
      );
    }
  });

  it('are used immediately with data=journal, which turns fast commits off', () => {
    const decision = decideOn('ext4-data-journal', {}, 0);
    assert.deepEqual([decision.durable.temporary, decision.provisional], ['unnamed', false]);
  });
});

describe('the single commit on XFS', () => {
  it('is used with unnamed temporaries', () => {
    const decision = decideOn('xfs', {}, 0);
    assert.deepEqual(decision.durable, {
      protocol: 'single-commit',
      achieves: 'durable',
      temporary: 'unnamed',
      replaced: 'released',
    });
    assert.equal(decision.ordered.protocol, 'single-commit');
    assert.equal(decision.provisional, false);
  });

  it('is refused where the log is on another device', () => {
    assertSyncRenameSync(decideOn('xfs-external-log'));
  });

  it('is refused where allocation is zoned', () => {
    assertSyncRenameSync(decideOn('xfs', { '/sys/fs/xfs/loop1/zoned/max_open_zones': '8\n' }));
  });

  it('is refused where the state of the driver cannot be read', () => {
    assertSyncRenameSync(decideOn('xfs', { '/sys/fs/xfs': null }));
    assertSyncRenameSync(decideOn('xfs', { '/sys': null }));
  });

  for (const option of ['nobarrier', 'rtdev=/dev/loop2', 'dax=always']) {
    it(`is refused with ${option}`, () => {
      const line = `27 1 7:1 / /mnt/disk rw,relatime - xfs /dev/loop1 rw,inode64,${option},noquota\n`;
      const { machine, location } = recordings.load('xfs', { '/proc/self/mountinfo': line });
      assertSyncRenameSync(decide({ ...location, mountId: undefined }, 3, machine));
    });
  }
});

describe('the single commit on other filesystems and kernels', () => {
  it('is refused on overlay', () => assertSyncRenameSync(decideOn('overlay')));

  it('is refused on btrfs, where temporaries are unnamed since Linux 6.15', () => {
    const on = (release: string) => {
      const { machine, location } = recordings.load('btrfs', {}, release);
      return decide(location, 0, machine);
    };
    assertSyncRenameSync(on('6.14.11'));
    for (const release of ['6.15.0', '6.18.44-fc-v657', '7.0.0']) {
      const { durable, ordered, none, syncRenameSync, reason } = on(release);
      for (const plan of [durable, ordered])
        assert.deepEqual([plan.protocol, plan.temporary], ['sync-rename-sync', 'unnamed']);
      for (const plan of [none, syncRenameSync.durable, syncRenameSync.ordered])
        assert.equal(plan.temporary, 'named');
      assert.match(reason, /temporaries are unnamed, because btrfs syncs them since Linux 6\.15/);
    }
  });

  const types =
    'f2fs zfs bcachefs nfs nfs4 cifs smb3 9p ceph fuse fuseblk fuse.sshfs virtiofs ecryptfs ext4x';
  for (const type of types.split(' ')) {
    it(`is refused on ${type}`, () => {
      const { machine, location } = recordings.load('ext4', {
        '/proc/self/mountinfo': `27 1 7:1 / / rw - ${type} /dev/loop1 rw\n`,
      });
      assertSyncRenameSync(decide({ ...location, mountId: 27 }, 3, machine));
    });
  }

  for (const release of ['5.15.0-91-generic', '6.0.19', '4.18.0-553.el8', 'nonsense', '']) {
    it(`is refused on Linux ${release}`, () => {
      for (const name of ['ext4', 'xfs']) {
        const { machine, location } = recordings.load(name, {}, release);
        assertSyncRenameSync(decide(location, 3, machine));
      }
    });
  }

  for (const release of ['6.1.0-37-amd64', '6.12.30', '6.18.44-fc-v657', '7.0.0']) {
    it(`is used on Linux ${release}`, () => {
      const { machine, location } = recordings.load('ext4', {}, release);
      assert.equal(decide(location, 3, machine).durable.protocol, 'single-commit');
    });
  }
});
