import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { PAGES, withSteps } from '../../packaging/protocol-pages.js';

describe('the steps of a save in the documents', () => {
  for (const page of PAGES) {
    it(`are those of the protocol table, in ${page}`, () => {
      const document = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
      assert.match(document, /<!-- \/[a-z-]+ -->/);
      assert.equal(document, withSteps(document), '`npm run docs:steps` writes them');
    });
  }
});
