import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { CellLocation } from '../../../docs/see-it-work/moment.js';
import { momentOf, positionAt } from '../../../docs/see-it-work/moment.js';
import { pair, RUN } from './sample.js';

const at = (time: number) => momentOf(pair('ext4', 'textbook'), RUN, time);
const all = (place: CellLocation) => Array.from({ length: 30 }, () => place);

describe('a moment of a recording', () => {
  it('says what the program believes', () => {
    assert.deepEqual(
      [-1, 0, 129, 130].map((time) => at(time).program),
      ['before', 'pending', 'pending', 'resolved'],
    );
  });

  it('says that it was rejected where it was', () => {
    const run = { ...RUN, rejected: 'ENOSPC' };
    assert.equal(momentOf(pair('ext4', 'textbook', run), run, 130).program, 'rejected');
  });

  it('names the calls of the saver that are under way, and the requests', () => {
    assert.deepEqual(
      at(21).calls.map(({ name }) => name),
      ['fdatasync'],
    );
    assert.deepEqual(at(110).calls, []);
    assert.deepEqual(
      at(47).requests.map(({ kind }) => kind),
      ['journal', 'flush'],
    );
  });

  it('shows what another process has read last', () => {
    assert.equal(at(-10).read.kind, 'old');
    assert.equal(at(65).read.kind, 'old');
    assert.equal(at(66).read.kind, 'new');
  });

  it('says that another process has not looked since the rename', () => {
    const run = { ...RUN, reads: RUN.reads.slice(0, 1) };
    const current = (time: number) => momentOf(pair('ext4', 'textbook', run), run, time).readIsCurrent;
    assert.deepEqual([69, 70, 130].map(current), [true, false, false]);
    assert.equal(at(130).readIsCurrent, true);
  });

  it('follows the bytes from memory over the cache of the disk to the platter', () => {
    assert.deepEqual(at(19).cells, all('nowhere'));
    assert.deepEqual(at(20).cells, all('memory'));
    assert.deepEqual(at(40).cells, all('cache'));
    assert.deepEqual(at(60).cells, all('platter'));
  });

  it('keeps in the cache what a flush did not cover because it had begun before', () => {
    assert.deepEqual(at(50).cached, [
      { kind: 'data', bytes: 15360 },
      { kind: 'journal', bytes: 4096 },
    ]);
    assert.deepEqual(at(60).cached, [{ kind: 'journal', bytes: 4096 }]);
    assert.deepEqual(at(120).cached, []);
  });

  it('says what the file is with and without what is in the cache', () => {
    assert.equal(at(100).ifCacheKept.kind, 'new');
    assert.equal(at(100).platter.kind, 'old');
    assert.equal(at(120).platter.kind, 'new');
  });

  it('counts a request as complete from the moment at which it ends', () => {
    assert.deepEqual(
      [39, 40, 1000].map((time) => positionAt(RUN, time)),
      [0, 1, 5],
    );
  });
});
