import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { reportHtml } from '../../../bench/report/html.js';
import { contenderNamed, reportOf, resultNamed, runOf } from './measured.js';

const results = [resultNamed('save, durable', 1000), resultNamed('<b>mine</b>', 10)];
const page = reportHtml(
  reportOf(
    runOf([contenderNamed('save, durable', 1000, 'durable'), contenderNamed('<b>mine</b>', 10, 'none')], {
      directory: '/srv/a & b',
      bySize: [512, 4096].map((bytes) => ({ bytes, results })),
      byConcurrency: [1, 64].map((atOnce) => ({ atOnce, results })),
      stages: [
        {
          protocol: 'single-commit',
          steps: [{ ...resultNamed('', 5), name: 'create' }],
        },
      ],
      findings: [{ about: 'etcd', says: 'bad', text: 'It is slow.', heuristic: true }],
    }),
  ),
);

describe('the report as a page', () => {
  it('is self-contained: it has no script and loads nothing', () => {
    assert.doesNotMatch(page, /<script|<link|<img|\ssrc=|\shref=|url\(|@import|https?:/);
  });

  it('has the findings, the four charts and the numbers', () => {
    assert.match(page, /<li class="bad">It is slow. <small>\(rule of thumb\)/);
    assert.equal(page.match(/<svg /g)?.length, 4);
    assert.match(page, /indelible-bench\/3/);
  });

  it('escapes all characters of names', () => {
    assert.ok(!page.includes('<b>mine'));
    assert.ok(page.includes('&lt;b&gt;mine&lt;/b&gt;'));
    assert.ok(page.includes('/srv/a &amp; b'));
  });

  it('draws inside its charts, with valid numbers', () => {
    assert.doesNotMatch(page, /NaN|Infinity|undefined/);
    for (const [, x] of page.matchAll(/ c?x="([^"]*)"/g)) assert.ok(Number(x) >= 0 && Number(x) <= 420, x);
  });

  it('leaves out charts without measurements', () => {
    const quick = reportHtml(reportOf(runOf([contenderNamed('save, durable', 1, 'durable')])));
    assert.equal(quick.match(/<svg /g)?.length, 1);
  });
});
