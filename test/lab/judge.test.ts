import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { contentOf, treeOf } from './content.js';
import { History, type LabEvent, type StampedEvent } from './history.js';
import { judge } from './judge.js';
import { BALLAST_FILE, UNRELATED_FILE } from './scenario.js';

const LENGTH = 3000;
const saving = (version: number, at: number): StampedEvent => ({
  event: 'saving',
  file: 'file',
  version,
  length: LENGTH,
  at,
});
const saved = (version: number, at: number, durable = true): StampedEvent => ({
  event: 'saved',
  file: 'file',
  version,
  durable,
  at,
});
const rejected = (version: number, at: number, published = false): StampedEvent => ({
  event: 'rejected',
  file: 'file',
  version,
  published,
  error: 'EEXIST',
  at,
});

function historyOf(...events: StampedEvent[]): History {
  const frame = (event: LabEvent['event'] & ('began' | 'ended'), at: number) => ({ event, at });
  return new History([frame('began', 0), ...events, frame('ended', 100)]);
}

describe('judging a crash state', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'indelible-judge-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const put = (name: string, content: Buffer | string) => writeFileSync(join(directory, name), content);
  const faults = (history: History, position: number) =>
    judge(directory, history, position).map(({ kind }) => kind);
  const twoVersions = historyOf(saving(0, 0), saved(0, 0), saving(1, 10), saved(1, 20));

  it('accepts the old version and the new one during the save', () => {
    for (const version of [0, 1]) {
      put('file', contentOf('file', version, LENGTH));
      assert.deepEqual(faults(twoVersions, 19), []);
    }
  });

  it('reports `stale` for an old version after the save has resolved', () => {
    put('file', contentOf('file', 0, LENGTH));
    assert.deepEqual(faults(twoVersions, 20), ['stale']);
  });

  it('reports `lost` for a missing file that existed before', () => {
    assert.deepEqual(faults(twoVersions, 5), ['lost']);
  });

  it('accepts that a new file is missing until its save has resolved', () => {
    const history = historyOf(saving(1, 10), saved(1, 20));
    assert.deepEqual(faults(history, 19), []);
    assert.deepEqual(faults(history, 20), ['lost']);
  });

  it('accepts a version that is newer than the promised one', () => {
    const history = historyOf(saving(1, 10), saving(2, 11), saved(1, 20), saved(2, 30));
    put('file', contentOf('file', 2, LENGTH));
    assert.deepEqual(faults(history, 25), []);
  });

  it('reports nothing but `torn` for a save that promised no durability', () => {
    const history = historyOf(saving(0, 0), saved(0, 0), saving(1, 10), saved(1, 20, false));
    put('file', contentOf('file', 0, LENGTH));
    assert.deepEqual(faults(history, 50), []);
    put('file', contentOf('file', 1, LENGTH).subarray(0, 2000));
    assert.deepEqual(faults(history, 50), ['torn']);
  });

  it.each([
    ['half of a version', contentOf('file', 1, LENGTH).subarray(0, 1500)],
    ['zeros', Buffer.alloc(LENGTH)],
    ['nothing', Buffer.alloc(0)],
    ['one version with a sector of the other', mixed()],
    ["another file's content", contentOf('other', 1, LENGTH)],
  ])('reports `torn` for %s', (_, content) => {
    put('file', content);
    assert.deepEqual(faults(twoVersions, 15), ['torn']);
  });

  it('reports `torn` for the content of a rejected save', () => {
    const history = historyOf(saving(1, 10), rejected(1, 20));
    put('file', contentOf('file', 1, LENGTH));
    assert.deepEqual(faults(history, 50), ['torn']);
  });

  it('accepts the content of a save that was rejected after it was published', () => {
    const history = historyOf(saving(1, 10), rejected(1, 20, true));
    put('file', contentOf('file', 1, LENGTH));
    assert.deepEqual(faults(history, 50), []);
  });

  it('reports `litter` for a file that no save made, in any directory', () => {
    put('file', contentOf('file', 1, LENGTH));
    mkdirSync(join(directory, 'below'));
    put('below/.indelible-x', '');
    assert.deepEqual(judge(directory, twoVersions, 50), [
      { kind: 'litter', file: 'below/.indelible-x', detail: 'no save made this file' },
    ]);
  });

  it("ignores directories, links and the lab's own files", () => {
    put('file', contentOf('file', 1, LENGTH));
    mkdirSync(join(directory, 'empty'));
    symlinkSync('file', join(directory, 'link'));
    put(UNRELATED_FILE, 'x');
    put(BALLAST_FILE, 'x');
    assert.deepEqual(faults(twoVersions, 50), []);
  });

  it('accepts that an unsafe version is torn until a newer one is durable', () => {
    const history = historyOf(
      saving(0, 0),
      saved(0, 0),
      { ...saving(1, 5), unsafe: true } as StampedEvent,
      saving(2, 10),
      saved(2, 20),
    );
    put('file', contentOf('file', 1, LENGTH).subarray(0, 2000));
    assert.deepEqual(faults(history, 19), []);
    assert.deepEqual(faults(history, 20), ['torn']);
  });

  describe('with a kept version', () => {
    const history = historyOf(
      { event: 'keeping', file: 'file', path: 'kept', at: 0 },
      ...[
        saving(0, 0),
        saved(0, 0),
        saving(1, 10),
        saved(1, 20),
        saving(2, 30),
        rejected(2, 31),
        saving(3, 40),
      ],
    );
    const version = (number: number) => contentOf('file', number, LENGTH);

    it.each([
      [0, undefined],
      [0, 0],
      [1, 0],
      [1, 1],
      [3, 1],
      [3, 3],
    ])('accepts v%i with v%s', (found, kept) => {
      put('file', version(found));
      if (kept !== undefined) put('kept', version(kept));
      assert.deepEqual(faults(history, 15), []);
    });

    it.each([
      [1, undefined],
      [3, 0],
      [3, undefined],
      [0, 1],
    ])('reports `lost` for v%i with v%s', (found, kept) => {
      put('file', version(found));
      if (kept !== undefined) put('kept', version(kept));
      assert.deepEqual(faults(history, 15), ['lost']);
    });

    it('reports `torn` for half of it', () => {
      put('file', version(1));
      put('kept', version(0).subarray(0, 1500));
      assert.deepEqual(faults(history, 15), ['torn']);
    });
  });

  describe('of trees', () => {
    const files = 4;
    const history = historyOf(
      { event: 'keeping', file: 'tree', path: 'kept', movedFrom: 'moved', at: 0 },
      { event: 'saving', file: 'tree', version: 0, length: LENGTH, files, at: 0 },
      { event: 'saved', file: 'tree', version: 0, durable: true, at: 0 },
      { event: 'saving', file: 'tree', version: 1, length: LENGTH, files, at: 10 },
      { event: 'saved', file: 'tree', version: 1, durable: true, at: 20 },
    );
    const putTree = (where: string, version: number) => {
      for (const [name, content] of treeOf('tree', { version, length: LENGTH, files })) {
        mkdirSync(dirname(join(directory, where, name)), { recursive: true });
        put(join(where, name), content);
      }
    };

    it('accepts the whole old or new tree, with the old one at its kept path or its source path', () => {
      putTree('tree', 0);
      assert.deepEqual(faults(history, 15), []);
      assert.deepEqual(faults(history, 20), ['stale']);
      putTree('tree', 1);
      putTree('kept', 0);
      assert.deepEqual(faults(history, 20), []);
    });

    it('reports `lost` for a missing tree, and for a missing old tree', () => {
      assert.deepEqual(faults(history, 15), ['lost']);
      putTree('tree', 1);
      assert.deepEqual(faults(history, 15), ['lost']);
    });

    it('reports `torn` for a tree with a file of another version, an extra file or a missing file', () => {
      putTree('tree', 0);
      const [[name, content] = ['', '']] = treeOf('tree', { version: 1, length: LENGTH, files });
      put(join('tree', name), content);
      assert.deepEqual(faults(history, 15), ['torn']);
      putTree('tree', 0);
      put('tree/one more', '');
      assert.deepEqual(faults(history, 15), ['torn']);
      rmSync(join(directory, 'tree/one more'));
      rmSync(join(directory, 'tree', name));
      assert.deepEqual(faults(history, 15), ['torn']);
    });
  });

  it('is refused for a scenario that did not end', () => {
    assert.throws(() => new History([{ event: 'began', at: 0 }, saving(1, 10)]), /did not end/);
  });
});

function mixed(): Buffer {
  const content = contentOf('file', 0, LENGTH);
  contentOf('file', 1, LENGTH).copy(content, 512, 512, 1024);
  return content;
}
