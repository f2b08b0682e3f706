import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { type Filesystem, inspectFilesystem } from '../../../src/filesystem/filesystem.js';
import { Machine } from '../../../src/filesystem/machine.js';

const MISSING = '/nonexistent';

function inspectOn(platform: NodeJS.Platform, engine: 'native' | 'portable'): Filesystem {
  const machine = new Machine({ platform, kernelRelease: '', procRoot: MISSING, sysRoot: MISSING });
  const inspected = {
    path: '/x',
    directory: '/x',
    major: 1,
    minor: 2,
    mountId: undefined,
    isDirectory: true,
  };
  return inspectFilesystem(inspected, engine, machine);
}

const achieved = ({ protocol: { durable, ordered, none } }: Filesystem) => [
  durable.achieves,
  ordered.achieves,
  none.achieves,
];

describe('inspect on macOS', () => {
  it('plans sync-rename-sync for every filesystem, with a reason', () => {
    for (const engine of ['native', 'portable'] as const) {
      const filesystem = inspectOn('darwin', engine);
      assert.equal(filesystem.protocol.durable.protocol, 'sync-rename-sync');
      assert.equal(filesystem.protocol.durable.temporary, 'named');
      assert.deepEqual(achieved(filesystem), ['durable', 'ordered', 'none']);
      assert.match(filesystem.reason, /^macOS: .*F_BARRIERFSYNC.*F_FULLFSYNC/);
    }
  });

  it('knows only that unnamed temporaries do not work', () => {
    const { mount, device, journal, supports, warnings } = inspectOn('darwin', 'native');
    assert.deepEqual(
      { mount, device, journal, warnings },
      {
        mount: undefined,
        device: undefined,
        journal: undefined,
        warnings: [],
      },
    );
    assert.equal(supports.unnamedTemporaries, false);
    assert.equal(supports.exchange, 'unknown');
  });
});

describe('inspect on Windows', () => {
  it('plans sync-rename-sync for every filesystem, with a reason', () => {
    const filesystem = inspectOn('win32', 'native');
    assert.deepEqual(achieved(filesystem), ['durable', 'ordered', 'none']);
    assert.match(filesystem.reason, /^Windows: .*FlushFileBuffers/);
  });

  it('promises no durable names with the portable engine', () => {
    const filesystem = inspectOn('win32', 'portable');
    assert.deepEqual(achieved(filesystem), ['ordered', 'ordered', 'none']);
    assert.match(filesystem.reason, /cannot flush a directory/);
  });

  it('reports that names cannot be exchanged', () => {
    const { supports } = inspectOn('win32', 'native');
    assert.deepEqual(
      [supports.exchange, supports.noReplace, supports.directorySync],
      [false, true, 'unknown'],
    );
  });
});

describe('inspect on other platforms', () => {
  it('falls back to sync-rename-sync', () => {
    const filesystem = inspectOn('freebsd', 'portable');
    assert.equal(filesystem.protocol.durable.protocol, 'sync-rename-sync');
    assert.match(filesystem.reason, /^a filesystem of freebsd/);
  });
});
