import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, it } from 'vitest';
import { checkRecordings } from '../../../docs/see-it-work/check-recordings.js';
import { isVariant } from '../../../docs/see-it-work/combinations.js';
import type { Pair, Recordings, Run } from '../../../docs/see-it-work/recordings.js';
import { pair, RECORDINGS, RUN } from './sample.js';

const COMMITTED = new URL('../../../docs/see-it-work/recordings.json', import.meta.url);

describe('the recordings of the page', () => {
  it('have the form that the page reads, for each filesystem and recipe, in less than 1 MB', () => {
    const recordings: unknown = JSON.parse(readFileSync(COMMITTED, 'utf8'));
    checkRecordings(recordings);
    assert.deepEqual(
      recordings.pairs.map(({ filesystem, recipe }) => `${filesystem}/${recipe}`).sort(),
      recordings.recipes
        .flatMap(({ id }) => recordedOn(id).map((filesystem) => `${filesystem}/${id}`))
        .sort(),
    );
    assert.ok(statSync(COMMITTED).size < 1_000_000);
  });

  const wrong: [what: string, recordings: unknown, reason: RegExp][] = [
    ['of another schema', { ...RECORDINGS, schema: 'indelible-see/0' }, /schema/],
    ['without a kernel', { ...RECORDINGS, sessions: [{ ...RECORDINGS.sessions[0], kernel: '' }] }, /kernel/],
    ['of a session that is not described', withPair({ ...pair('ext4', 'save'), session: 1 }), /session/],
    ['of a recipe that is not described', withPair({ ...pair('ext4', 'unknown') }), /not described/],
    ['that are there twice', { ...RECORDINGS, pairs: [pair('ext4', 'save'), pair('ext4', 'save')] }, /twice/],
    [
      'with fewer crashes than positions',
      withRun({ ...RUN, crashes: RUN.crashes.slice(1) }),
      /each position/,
    ],
    [
      'with requests out of order',
      withRun({
        ...RUN,
        requests: [RUN.requests.slice(1, 2), RUN.requests.slice(0, 1), RUN.requests.slice(2)].flat(),
      }),
      /order of completion/,
    ],
    [
      'with an outcome that no reader found',
      withPair({ ...pair('ext4', 'save'), found: ['0:'] }),
      /refers to nothing/,
    ],
    [
      'whose tally does not add up',
      withPair({
        ...pair('ext4', 'save'),
        survey: { ...pair('ext4', 'save').survey, after: { ...pair('ext4', 'save').survey.after, torn: 1 } },
      }),
      /as many as the states/,
    ],
    ['whose promise settles before it is made', withRun({ ...RUN, settled: -1 }), /wrong order/],
  ];
  for (const [what, recordings, reason] of wrong) {
    it(`are refused ${what}`, () => {
      assert.throws(() => checkRecordings(recordings), reason);
    });
  }

  it('are accepted where nothing is wrong', () => {
    checkRecordings(RECORDINGS);
  });
});

function recordedOn(recipe: string): string[] {
  if (recipe === 'single-commit') return ['btrfs'];
  return isVariant(recipe) ? ['ext4', 'xfs'] : ['ext4', 'xfs', 'btrfs'];
}

function withPair(one: Pair): Recordings {
  return { ...RECORDINGS, pairs: [one] };
}

function withRun(run: Run): Recordings {
  return withPair(pair('ext4', 'save', run));
}
