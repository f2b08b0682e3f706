import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { reportHtml } from '../../../bench/report/html.js';
import { contenderNamed, reportOf, resultNamed, runOf } from './measured.js';

const interval: [number, number] = [900, 1100];
const sure = resultNamed('save, durable', 1000);
sure.microseconds.interval = interval;
const results = [sure, resultNamed('<b>mine</b>', 10)];
const measured = contenderNamed('save, durable', 1000, 'durable', {
  ...sure,
  histogram: { first: 24, counts: [700, 0, 300] },
});
const page = reportHtml(
  reportOf(
    runOf([measured, contenderNamed('<b>mine</b>', 10, 'none')], {
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

  it('has the findings, the five charts and the numbers', () => {
    assert.match(page, /<li class="bad">It is slow. <small>\(rule of thumb\)/);
    assert.equal(page.match(/<svg /g)?.length, 5);
    assert.match(page, /indelible-bench\/3/);
  });

  it('escapes all characters of names', () => {
    assert.ok(!page.includes('<b>mine'));
    assert.ok(page.includes('&lt;b&gt;mine&lt;/b&gt;'));
    assert.ok(page.includes('/srv/a &amp; b'));
  });

  it('draws inside its charts, with valid numbers', () => {
    assert.doesNotMatch(page, /NaN|Infinity|undefined/);
    for (const [, x] of page.matchAll(/ c?x="([^"]*)"/g)) assert.ok(Number(x) >= 0 && Number(x) <= 360, x);
  });

  it('has the answer first, in larger letters', () => {
    const findings = [
      { about: 'rate' as const, says: 'neutral' as const, text: '9 saves.', heuristic: false },
    ];
    const answered = reportHtml(reportOf(runOf([measured], { findings })));
    assert.match(answered, /<h2>\/somewhere<\/h2>\n<ul><li class="neutral answer">9 saves\.<\/li>/);
  });

  it('draws saves a second from zero, and times over whole powers of ten, and says so', () => {
    const [rates = '', medians = ''] = [
      ...page.matchAll(/<figure><figcaption>(?:Saves a|The median).*?<\/figure>/gs),
    ].map(([figure]) => figure);
    assert.match(rates, />0\/s<\/text>/);
    assert.match(medians, /<figcaption>The median of a save, by size \(logarithmic\)</);
    for (const text of ['10 us', '100 us', '1 ms', '10 ms'])
      assert.ok(medians.includes(`>${text}</text>`), text);
  });

  it('shows the intervals of medians and rates', () => {
    assert.match(page, /<title>save, durable, 95 % sure: 900 us to 1.10 ms<\/title>/);
    assert.match(page, /<title>save, durable, 64: 1000\/s, 95 % sure: 58182\/s to 71111\/s<\/title>/);
  });

  it('shows how often a time was measured, with bars in proportion', () => {
    const [figure = ''] = /<figure><figcaption>How often a time was measured.*?<\/figure>/s.exec(page) ?? [];
    const heights = [...figure.matchAll(/<rect [^>]*height="([^"]*)"/g)].map(([, height]) => Number(height));
    assert.equal(heights.length, 3);
    assert.equal(heights[1], 0);
    assert.ok(Math.abs((heights[2] ?? 0) / (heights[0] ?? 0) - 3 / 7) < 0.01);
    assert.match(figure, /1 ms to 1\.33 ms: 700 of 1000/);
  });

  it('compares several reports', () => {
    const earlier = [2000, 4000].map((median) =>
      reportOf(runOf([contenderNamed('save, durable', median, 'durable')], { directory: `/was/${median}` })),
    );
    const compared = reportHtml(reportOf(runOf([measured])), earlier);
    assert.match(compared, /<h2>Compared<\/h2>/);
    assert.match(
      compared,
      /<td>save, durable<\/td><td>2\.00 ms \(\?\)<\/td><td>4\.00 ms \(\?\)<\/td><td>1\.00 ms \(900 us to 1\.10 ms\)/,
    );
    assert.ok(!page.includes('<h2>Compared</h2>'));
  });

  it('leaves out charts without measurements', () => {
    const quick = reportHtml(reportOf(runOf([contenderNamed('save, durable', 1, 'durable')])));
    assert.equal(quick.match(/<svg /g)?.length, 1);
  });
});
