import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { buildPage } from '../../docs/see-it-work/page.js';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));
const sources = join(DOCS, 'see-it-work');

describe('docs/see-it-work.html', () => {
  it('is what `npm run see:build` makes of its sources', async () => {
    const page = await buildPage(sources, readFileSync(join(sources, 'recordings.json'), 'utf8'));
    assert.ok(readFileSync(join(DOCS, 'see-it-work.html'), 'utf8') === page, 'run npm run see:build');
  });

  it('has no address in it but that of a namespace and of the package, and loads nothing', () => {
    const page = readFileSync(join(DOCS, 'see-it-work.html'), 'utf8');
    assert.deepEqual([...new Set(page.match(/\bhttps?:\/\/[\w./-]+/g))].sort(), [
      'http://www.w3.org/2000/svg',
      'https://www.npmjs.com/package/indelible',
    ]);
    assert.doesNotMatch(page, /<(?:script|link|img|iframe)[^>]+(?:src|href)="(?!data:)/);
  });

  it('is refused where a recording does not have its form', async () => {
    await assert.rejects(buildPage(sources, '{"schema": "indelible-see/0"}'), /schema/);
  });
});
