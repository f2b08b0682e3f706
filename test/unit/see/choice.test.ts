import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { formatChoice, parseChoice } from '../../../docs/see-it-work/choice.js';
import { RECORDINGS } from './sample.js';

describe("the choice in the page's address", () => {
  it('is the one that was made', () => {
    const choice = { filesystem: 'btrfs', recipe: 'only-btrfs', beside: 'save', busy: false };
    assert.deepEqual(parseChoice(formatChoice(choice), RECORDINGS), choice);
  });

  it('is the textbook on ext4 beside another program at first', () => {
    const first = { filesystem: 'ext4', recipe: 'textbook', beside: undefined, busy: true };
    assert.deepEqual(parseChoice('', RECORDINGS), first);
    assert.deepEqual(parseChoice('#on=ntfs&recipe=unknown&and=textbook', RECORDINGS), first);
  });

  it('leaves out a recipe that was not recorded on the filesystem', () => {
    assert.equal(parseChoice('#on=ext4&recipe=only-btrfs', RECORDINGS).recipe, 'textbook');
    assert.equal(parseChoice('#on=ext4&recipe=save&and=only-btrfs', RECORDINGS).beside, undefined);
  });
});
