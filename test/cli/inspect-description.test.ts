import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterAll, describe, it } from 'vitest';
import { describeFilesystem, wrap } from '../../src/filesystem/description.js';
import { inspectFilesystem } from '../../src/filesystem/filesystem.js';
import { Recordings } from '../unit/filesystem/recordings.js';

const recordings = new Recordings();
afterAll(() => recordings.remove());

function describeRecorded(name: string): string {
  const { machine, location } = recordings.load(name);
  const path = location.directory.toString();
  return describeFilesystem(
    path,
    inspectFilesystem({ ...location, path, isDirectory: true }, 'native', machine),
  );
}

describe('the description of a filesystem', () => {
  it('has all rows of a plain case', () => {
    assert.equal(
      describeRecorded('handmade-nvme-luks-lvm'),
      `/home
  mount     ext4, /dev/mapper/vg-root on / (rw, relatime, errors=remount-ro)
  device    dm-1: device-mapper, vg-root, write back cache, FUA
              dm-0: device-mapper, nvme0n1p3_crypt, write back cache, FUA
                nvme0n1p3: partition
                  nvme0n1: disk, Samsung SSD 980 PRO 1TB, nvme, write back
                  cache, FUA
  journal   data=ordered
  supports  unnamed temporaries, no-replace, exchange, directory sync,
            attributes
  durable   sync-rename-sync, named temporaries
              create, write, set-attributes, sync-file, rename, sync-directory
  ordered   single-commit, named temporaries
              create, write, set-attributes, write-back, rename
  none      rename, named temporaries
              create, write, set-attributes, rename
  because   ext4 with data=ordered, barriers and an internal journal
            (/proc/fs/ext4/dm-1/options, /proc/fs/jbd2), on Linux 6.12.30-amd64:
            one commit after the rename makes data, size and name durable
            together; temporaries are named, and durable saves also sync the
            file, until 3 of them in one process have shown that fast_commit is
            off (/proc/fs/ext4/dm-1/fc_info).
  update    Only this machine has the ext4.
`,
    );
  });

  it('says what a filesystem cannot promise', () => {
    const text = describeRecorded('ext4-nobarrier').replace(/\s+/g, ' ');
    assert.match(text, / durable sync-rename-sync, named temporaries; achieves none create, /);
    assert.match(text, / warning Mounted with nobarrier: .* \[no-barriers\]/);
  });

  it('fits 80 columns', () => {
    const files = readdirSync(new URL('../unit/filesystem/recordings/', import.meta.url));
    for (const file of files) {
      for (const line of describeRecorded(file.replace('.json', '')).split('\n')) {
        // Only longer words may exceed that.
        assert.ok(line.length <= 80 || !line.trim().includes(' '), line);
      }
    }
  });
});

describe('wrapping', () => {
  it('breaks lines between words, and loses no word', () => {
    assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
    assert.deepEqual(wrap('one two three', 6), ['one', 'two', 'three']);
    assert.deepEqual(wrap('extraordinary', 5), ['extraordinary']);
    assert.deepEqual(wrap('', 5), ['']);
  });
});
