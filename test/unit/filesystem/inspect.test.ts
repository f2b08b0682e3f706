import assert from 'node:assert/strict';
import { afterAll, afterEach, describe, it } from 'vitest';
import { type Filesystem, inspectFilesystem } from '../../../src/filesystem/filesystem.js';
import { type Changes, Recordings } from './recordings.js';

const recordings = new Recordings();
afterAll(() => recordings.remove());
afterEach(() => {
  delete process.env.INDELIBLE_PROTOCOL;
});

interface InspectedChanges {
  path?: string;
  isDirectory?: boolean;
  mountId?: number;
  major?: number;
  minor?: number;
}

function inspectRecorded(
  name: string,
  inspected: InspectedChanges = {},
  changes?: Changes,
  engine: 'native' | 'portable' = 'native',
): Filesystem {
  const { machine, location } = recordings.load(name, changes);
  const path = location.directory.toString();
  return inspectFilesystem({ path, isDirectory: true, ...location, ...inspected }, engine, machine);
}

const codes = ({ warnings }: Filesystem) => warnings.map(({ code }) => code);

describe('inspect', () => {
  it('describes the mount, the journal and the plans', () => {
    const { mount, journal, protocol, device } = inspectRecorded('ext4');
    assert.deepEqual(mount, {
      path: '/mnt/disk',
      type: 'ext4',
      source: '/dev/loop1',
      root: '/',
      options: ['rw', 'relatime'],
      superOptions: ['rw'],
      readOnly: false,
      boundFile: false,
    });
    assert.deepEqual(journal, { present: true, mode: 'ordered', external: false });
    assert.equal(protocol.durable.protocol, 'sync-rename-sync');
    assert.equal(protocol.ordered.protocol, 'single-commit');
    assert.equal(device?.name, 'loop1');
  });

  for (const [name, journal] of [
    ['ext4-no-journal', { present: false, mode: undefined, external: false }],
    ['ext4-external-journal', { present: true, mode: 'ordered', external: true }],
    ['ext4-data-writeback', { present: true, mode: 'writeback', external: false }],
    ['xfs', { present: true, mode: undefined, external: false }],
    ['xfs-external-log', { present: true, mode: undefined, external: true }],
    ['btrfs', { present: false, mode: undefined, external: false }],
    ['tmpfs', { present: false, mode: undefined, external: false }],
    ['overlay', { present: true, mode: 'ordered', external: false }],
  ] as const) {
    it(`describes the journal of ${name}`, () => assert.deepEqual(inspectRecorded(name).journal, journal));
  }

  it('reports a hidden journal as unknown', () => {
    const { journal } = inspectRecorded('ext4', {}, { '/proc/fs': null });
    assert.deepEqual(journal, { present: 'unknown', mode: undefined, external: 'unknown' });
  });

  it('finds the devices of btrfs and of overlays', () => {
    assert.equal(inspectRecorded('btrfs').device?.name, 'loop1');
    assert.equal(inspectRecorded('overlay').device?.name, 'loop1');
  });

  it('warns about a file that is a mount point', () => {
    const file = { path: '/app/settings.json', isDirectory: false, mountId: 1210, major: 259, minor: 3 };
    const filesystem = inspectRecorded('handmade-container', file);
    assert.equal(filesystem.mount?.boundFile, true);
    assert.equal(filesystem.mount?.root, '/srv/app/settings.json');
    assert.deepEqual(codes(filesystem), ['mount-point']);
  });

  it('warns about a read-only mount', () => {
    const filesystem = inspectRecorded('handmade-container', {
      path: '/data',
      mountId: 1211,
      major: 259,
      minor: 3,
    });
    assert.equal(filesystem.mount?.readOnly, true);
    assert.deepEqual(codes(filesystem), ['read-only']);
  });

  it('plans sync-rename-sync in a container that hides /sys and /proc/fs', () => {
    const filesystem = inspectRecorded('handmade-container', {
      path: '/data',
      mountId: 1211,
      major: 259,
      minor: 3,
    });
    assert.equal(filesystem.device, undefined);
    assert.equal(filesystem.protocol.durable.protocol, 'sync-rename-sync');
    assert.match(filesystem.reason, /does not name/);
  });

  it('works where nothing can be read', () => {
    const filesystem = inspectRecorded('ext4', {}, { '/proc': null, '/sys': null });
    assert.equal(filesystem.mount, undefined);
    assert.equal(filesystem.supports.exchange, 'unknown');
    assert.equal(filesystem.protocol.durable.protocol, 'sync-rename-sync');
  });

  it("includes the device's warnings", () => {
    assert.deepEqual(codes(inspectRecorded('handmade-usb')), ['no-journal', 'write-cache']);
  });

  it('reports that extended attributes are turned off', () => {
    const line = '27 1 7:1 / / rw - ext4 /dev/loop1 rw,nouser_xattr\n';
    const changes = { '/proc/self/mountinfo': line };
    assert.equal(inspectRecorded('ext4', { mountId: 27 }, changes).supports.extendedAttributes, false);
    assert.equal(inspectRecorded('ext4').supports.extendedAttributes, true);
  });

  it('plans only sync-rename-sync for the portable engine on a disk', () => {
    const { protocol, reason } = inspectRecorded('xfs', {}, {}, 'portable');
    assert.deepEqual(protocol.durable, {
      protocol: 'sync-rename-sync',
      achieves: 'durable',
      temporary: 'named',
      replaced: 'released',
      steps: ['create', 'write', 'set-attributes', 'sync-file', 'close', 'rename', 'sync-directory'],
    });
    assert.equal(protocol.none.temporary, 'named');
    assert.match(reason, /^The portable engine/);
    assert.match(inspectRecorded('ext4', {}, {}, 'portable').reason, /^The portable engine/);
    assert.equal(inspectRecorded('tmpfs', {}, {}, 'portable').protocol.durable.protocol, 'rename');
  });

  for (const [name, engine, durability, steps] of [
    ['tmpfs', 'native', 'durable', 'create write set-attributes rename'],
    ['tmpfs', 'portable', 'durable', 'create write set-attributes close rename'],
    ['overlay', 'native', 'ordered', 'create write set-attributes sync-file close rename'],
    [
      'xfs',
      'native',
      'durable',
      'create-unnamed write set-attributes start-write-back write-back link-unnamed rename sync-directory',
    ],
    ['xfs', 'native', 'ordered', 'create-unnamed write set-attributes write-back link-unnamed rename'],
    ['xfs', 'native', 'none', 'create-unnamed write set-attributes link-unnamed rename'],
    // For the first saves of a process.
    ['ext4', 'native', 'durable', 'create write set-attributes sync-file rename sync-directory'],
    ['ext4', 'native', 'ordered', 'create write set-attributes write-back rename'],
    ['ext4', 'portable', 'ordered', 'create write set-attributes sync-file close rename'],
    [
      'btrfs',
      'native',
      'durable',
      'create-unnamed write set-attributes sync-file link-unnamed rename sync-directory',
    ],
    ['btrfs', 'native', 'none', 'create write set-attributes rename'],
    [
      'btrfs',
      'portable',
      'durable',
      'create write set-attributes sync-file rename sync-directory sync-file-again',
    ],
    ['btrfs', 'portable', 'ordered', 'create write set-attributes sync-file close rename'],
    [
      'ext4-no-journal',
      'native',
      'durable',
      'create write set-attributes sync-file pin rename sync-directory unpin',
    ],
    ['ext4-nobarrier', 'native', 'durable', 'create write set-attributes sync-file rename sync-directory'],
    [
      'ext4-nobarrier',
      'portable',
      'durable',
      'create write set-attributes sync-file close rename sync-directory',
    ],
  ] as const) {
    it(`lists the steps of a save on ${name}: ${durability}, ${engine} engine`, () => {
      const { protocol } = inspectRecorded(name, {}, {}, engine);
      assert.deepEqual(protocol[durability].steps, steps.split(' '));
    });
  }

  it('applies INDELIBLE_PROTOCOL as save does', () => {
    process.env.INDELIBLE_PROTOCOL = 'sync-rename-sync';
    const { protocol, reason } = inspectRecorded('xfs');
    assert.deepEqual(
      [protocol.durable.protocol, protocol.durable.achieves, protocol.durable.temporary],
      ['sync-rename-sync', 'durable', 'named'],
    );
    // A save without a sync is not affected.
    assert.equal(protocol.none.temporary, 'unnamed');
    assert.match(reason, /^INDELIBLE_PROTOCOL=sync-rename-sync/);
  });

  it('refuses an unknown value of INDELIBLE_PROTOCOL', () => {
    process.env.INDELIBLE_PROTOCOL = 'single-commit';
    assert.throws(() => inspectRecorded('xfs'), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message:
        "The INDELIBLE_PROTOCOL environment variable must be 'sync-rename-sync'. Received 'single-commit'",
    });
  });
});
