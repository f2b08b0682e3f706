import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { type Filesystem, inspectFilesystem } from '../../../src/filesystem/filesystem.js';
import { Machine } from '../../../src/filesystem/machine.js';

const NOWHERE = '/nonexistent';

function inspectOn(platform: NodeJS.Platform, engine: 'native' | 'portable'): Filesystem {
  const machine = new Machine({ platform, kernelRelease: '', procRoot: NOWHERE, sysRoot: NOWHERE });
  const place = { path: '/x', directory: '/x', major: 1, minor: 2, mountId: undefined, isDirectory: true };
  return inspectFilesystem(place, engine, machine);
}

const achieved = ({ protocol: { durable, ordered, none } }: Filesystem) => [
  durable.achieves,
  ordered.achieves,
  none.achieves,
];

describe('inspect on macOS', () => {
  it('has the textbook for every filesystem, and says why', () => {
    for (const engine of ['native', 'portable'] as const) {
      const filesystem = inspectOn('darwin', engine);
      assert.equal(filesystem.protocol.durable.protocol, 'sync-rename-sync');
      assert.equal(filesystem.protocol.durable.temporary, 'named');
      assert.deepEqual(achieved(filesystem), ['durable', 'ordered', 'none']);
      assert.match(filesystem.reason, /^macOS: .*F_BARRIERFSYNC.*F_FULLFSYNC/);
    }
  });

  it('knows no more than that there are no unnamed temporaries', () => {
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
  it('has the textbook for every filesystem, and says why', () => {
    const filesystem = inspectOn('win32', 'native');
    assert.deepEqual(achieved(filesystem), ['durable', 'ordered', 'none']);
    assert.match(filesystem.reason, /^Windows: .*FlushFileBuffers/);
  });

  it('promises no durable names with the portable engine', () => {
    const filesystem = inspectOn('win32', 'portable');
    assert.deepEqual(achieved(filesystem), ['ordered', 'ordered', 'none']);
    assert.match(filesystem.reason, /cannot flush a directory/);
  });

  it('says that no names can be swapped', () => {
    const { supports } = inspectOn('win32', 'native');
    assert.deepEqual(
      [supports.exchange, supports.noReplace, supports.directorySync],
      [false, true, 'unknown'],
    );
  });
});

describe('inspect on another system', () => {
  it('falls back to the textbook', () => {
    const filesystem = inspectOn('freebsd', 'portable');
    assert.equal(filesystem.protocol.durable.protocol, 'sync-rename-sync');
    assert.match(filesystem.reason, /^a filesystem of freebsd/);
  });
});
