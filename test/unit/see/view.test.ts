import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { allCombinations, playedBy } from '../../../docs/see-it-work/combinations.js';
import { formatView, parseView, type View } from '../../../docs/see-it-work/view.js';
import { pair, RECORDINGS } from './sample.js';

const recordings = { ...RECORDINGS, pairs: [...RECORDINGS.pairs, pair('ext4', 'overwrite-synced')] };

describe("the view in the page's address", () => {
  it('is the lesson at first', () => {
    assert.deepEqual(parseView('', recordings), { kind: 'lesson' });
    assert.deepEqual(parseView('#anything', recordings), { kind: 'lesson' });
  });

  const views: readonly View[] = [
    { kind: 'lesson' },
    { kind: 'tour', stop: 0 },
    { kind: 'tour', stop: 5 },
    { kind: 'break', steps: new Set(), filesystem: 'ext4' },
    { kind: 'break', steps: new Set(['sync', 'rename']), filesystem: 'ext4' },
    {
      kind: 'recordings',
      choice: { filesystem: 'ext4', recipe: 'save', beside: 'textbook', busy: false },
    },
  ];
  for (const view of views) {
    it(`is the one that was chosen: ${formatView(view)}`, () => {
      assert.deepEqual(parseView(formatView(view), recordings), view);
    });
  }

  it('is possible where the address is not', () => {
    assert.deepEqual(parseView('#tour=9', recordings), { kind: 'tour', stop: 0 });
    assert.deepEqual(parseView('#steps=nonsense,rename&on=ntfs', recordings), {
      kind: 'break',
      steps: new Set(['rename']),
      filesystem: 'xfs',
    });
  });
});

describe('a combination of steps', () => {
  it('has a recording of its own, or is impossible', () => {
    const played = allCombinations().map((steps) => playedBy(steps));
    const recipes = played.flatMap((one) => ('recipe' in one ? [one.recipe] : []));
    assert.equal(played.length, 16);
    assert.equal(new Set(recipes).size, 12);
    assert.equal(recipes.length, 12);
  });

  it('is impossible with a temporary that is never renamed', () => {
    for (const steps of allCombinations()) {
      assert.equal('impossible' in playedBy(steps), steps.has('same-directory') && !steps.has('rename'));
    }
  });
});
