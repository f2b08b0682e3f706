import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { judge, outcomesAt } from '../../../docs/see-it-work/crash-outcomes.js';
import { decodeFound } from '../../../docs/see-it-work/settings-file.js';
import { pair, RUN } from './sample.js';

const found = { old: '10240:o20', new: '15360:n30', empty: '0:', missing: 'missing', torn: '15360:n8z22' };
const says = (kind: keyof typeof found, promises: 'durable' | 'ordered', told: boolean) =>
  judge(decodeFound(found[kind]), promises, told).says;

describe('the judgement of a crash', () => {
  it('is that a resolved save is lost if the old version is found', () => {
    assert.match(
      judge(decodeFound(found.old), 'durable', true).text,
      /had resolved, but the new version is lost/,
    );
    assert.equal(says('old', 'durable', true), 'lost');
    assert.equal(says('old', 'durable', false), 'fine');
  });

  it('is that an ordered save is kept with the old version, but not with a ruined file', () => {
    assert.equal(says('old', 'ordered', true), 'kept');
    assert.equal(says('new', 'ordered', true), 'kept');
    assert.equal(says('torn', 'ordered', true), 'lost');
  });

  it('is that a file which is neither version is lost, resolved or not', () => {
    for (const kind of ['empty', 'missing', 'torn'] as const) {
      assert.equal(says(kind, 'durable', false), 'lost');
      assert.equal(says(kind, 'durable', true), 'lost');
    }
  });

  it('is given for each outcome of the moment, with its share', () => {
    const outcomes = outcomesAt(pair('ext4', 'textbook'), RUN, 'durable', 100);
    assert.deepEqual(
      outcomes.map(({ found: { kind }, share, litter, judgement }) => [kind, share, litter, judgement.says]),
      [
        ['new', 5 / 8, false, 'fine'],
        ['old', 2 / 8, true, 'fine'],
        ['torn', 1 / 8, false, 'lost'],
      ],
    );
  });
});
