import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { checkRecordings } from '../../../docs/see-it-work/check-recordings.js';
import { addSession } from '../../lab/see/merge.js';
import { pair, RECORDINGS } from './sample.js';

const session = {
  kernel: 'Linux 1',
  node: '1',
  processors: '2 x none',
  date: '2026-02-02T00:00:00.000Z',
  seed: 2,
  command: 'npm run see:record -- --add',
};
const { flush, recipes, pairs } = RECORDINGS;

describe('recordings that are added to others', () => {
  it('take the place of those that they repeat, and keep the session of the others', () => {
    const merged = addSession(RECORDINGS, { session, flush, recipes, pairs: [pair('ext4', 'save')] });
    checkRecordings(merged);
    assert.deepEqual(
      merged.pairs.map((one) => `${one.filesystem}/${one.recipe} ${merged.sessions[one.session]?.kernel}`),
      [
        'ext4/textbook Linux 0',
        'ext4/save Linux 1',
        'btrfs/textbook Linux 0',
        'btrfs/save Linux 0',
        'btrfs/only-btrfs Linux 0',
      ],
    );
  });

  it('leave out a session of which nothing is left', () => {
    const merged = addSession(RECORDINGS, { session, flush, recipes, pairs });
    assert.deepEqual(merged.sessions, [session]);
    checkRecordings(merged);
  });

  it('are refused for a disk with another flush', () => {
    assert.throws(() => addSession(RECORDINGS, { session, flush: 1, recipes, pairs }), /flush of 20 µs/);
  });
});
