import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { pack, unpack } from '../../../docs/see-it-work/packed.js';
import { RECORDINGS } from './sample.js';

const COMMITTED = new URL('../../../docs/see-it-work/recordings.json', import.meta.url);

describe('recordings that are packed into the page', () => {
  for (const [what, recordings] of [
    ['a small one', RECORDINGS],
    ['those of the page', JSON.parse(readFileSync(COMMITTED, 'utf8'))],
  ]) {
    it(`are the same when they are unpacked: ${what}`, () => {
      assert.deepEqual(unpack(JSON.parse(JSON.stringify(pack(recordings)))), recordings);
    });
  }
});
