import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Report } from '../../../bench/measure/report.js';
import { type FleetDisk, fleetFindings, fleetOf } from '../../../bench/report/fleet.js';
import { fleetHtml } from '../../../bench/report/html.js';
import { reportJson } from '../../../bench/report/json.js';
import { fleetOpenMetrics } from '../../../bench/report/openmetrics.js';
import { fleetText, plain } from '../../../bench/report/text.js';
import { FLEET, FLEET_VERDICTS, madeReport } from './made-fleet.js';

const verdictsOf = ({ verdicts }: FleetDisk) => verdicts.map(({ verdict }) => verdict);

/** The verdicts on the only disk of the reports. */
function onlyVerdicts(...reports: Report[]): string[] {
  const { disks } = fleetOf(reports);
  const [only] = disks;
  assert.ok(only !== undefined && disks.length === 1);
  return verdictsOf(only);
}

const OCTOBER = '2026-10-30T12:00:00.000Z';
const SOLID = { rotational: false };

describe('the disks of a fleet', () => {
  it('has a row for each disk, and says which is slow, lies, has changed or tells nothing', () => {
    const found = fleetOf(FLEET).disks.map((disk) => [disk.machine, verdictsOf(disk)]);
    assert.deepEqual(Object.fromEntries(found), FLEET_VERDICTS);
    assert.equal(found.length, Object.keys(FLEET_VERDICTS).length);
  });

  it('divides each median by that of the disks that neither lie nor tell nothing, the slowest first', () => {
    const ratios = fleetOf(FLEET).disks.map(({ machine, ratio }) => [machine, ratio]);
    // The median of 16, 16.5, 24 and 90 ms is 20.25 ms.
    assert.deepEqual(ratios, [
      ['slow', 4.444],
      ['changed', 1.185],
      ['usual-too', 0.8148],
      ['usual', 0.7901],
      ['lies', 0.01481],
      ['few', null],
    ]);
  });

  it('does not depend on the order of the reports, nor on reports that are there twice', () => {
    const written = (reports: readonly Report[]) => {
      const fleet = fleetOf(reports);
      return [reportJson(fleet), fleetText(fleet, plain), fleetOpenMetrics(fleet), fleetHtml(fleet)];
    };
    // The same time and disk, and the same median on two disks.
    const ties = [...FLEET, ...FLEET.slice(6), madeReport({ machine: 'usual', save: 16_400 })];
    const expected = written([...ties, madeReport({ machine: 'equal', save: 16_500 })]);
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...ties, madeReport({ machine: 'equal', save: 16_500 })], {
          minLength: ties.length + 1,
        }),
        (shuffled) => assert.deepEqual(written(shuffled), expected),
      ),
      { numRuns: 30 },
    );
  });

  it('compares disks of one kind only, and only if there are three', () => {
    const solid = (machine: string, save: number) => madeReport({ machine, save, device: SOLID });
    const { disks } = fleetOf([...FLEET, solid('a', 90), solid('b', 900)]);
    for (const { kind, ratio, verdicts } of disks) {
      if (kind === 'solid state') assert.deepEqual([ratio, verdicts], [null, []]);
    }
    assert.ok(disks.some(({ kind }) => kind === 'solid state'));
  });

  it('calls a disk slow only if its whole confidence interval is', () => {
    const fleet = (save: number) =>
      fleetOf(
        ['a', 'b', 'c', 'd'].map((machine) => madeReport({ machine, save: machine === 'd' ? save : 10_000 })),
      );
    assert.ok(!fleet(31_000).disks.flatMap(verdictsOf).includes('slow'));
    assert.ok(fleet(32_000).disks.flatMap(verdictsOf).includes('slow'));
  });

  it('says that a disk has changed only if the confidence intervals are apart and the difference is large', () => {
    const since = (save: number) =>
      onlyVerdicts(
        madeReport({ machine: 'a', save: 10_000, date: OCTOBER }),
        madeReport({ machine: 'a', save }),
      );
    assert.deepEqual([since(12_600), since(7900)], [['changed'], ['changed']]);
    // Apart, but small.
    assert.deepEqual(since(12_000), []);
    const unsure = madeReport({ machine: 'a', save: 10_000, date: OCTOBER, interval: null });
    assert.deepEqual(onlyVerdicts(unsure, madeReport({ machine: 'a', save: 20_000 })), []);
  });

  it('names the kernel and the version if they have changed with the disk', () => {
    const before = madeReport({ machine: 'a', save: 10_000, date: OCTOBER });
    before.machine.kernel = 'Linux 6.1';
    const [finding] = fleetFindings(fleetOf([before, madeReport({ machine: 'a', save: 20_000 })]));
    assert.match(
      finding?.text ?? '',
      /^a:\/: changed\. .* 2\.00 times as long\. .*Linux 6\.1 before, Linux 6\.18/,
    );
    assert.doesNotMatch(finding?.text ?? '', /version/);
  });

  it('does not compare a disk with the one that it has replaced', () => {
    const before = madeReport({ machine: 'a', save: 10_000, date: OCTOBER, uuid: 'the old one' });
    const { disks } = fleetOf([before, madeReport({ machine: 'a', save: 20_000 })]);
    assert.deepEqual(disks.map(verdictsOf), [[], []]);
  });

  it('tells a disk that is never flushed from one that is not even reached', () => {
    const cached = { device: { ...SOLID, writeCache: 'write through' as const }, flushes: 0 };
    assert.deepEqual(onlyVerdicts(madeReport({ machine: 'a', save: 100, ...cached })), ['never flushed']);
    assert.deepEqual(onlyVerdicts(madeReport({ machine: 'a', save: 5, fdatasync: 3, ...cached })), ['lies']);
  });

  it('says that syncs do nothing where inspect has seen it', () => {
    for (const code of ['no-barriers', 'syncs-disabled', 'volatile-overlay'] as const) {
      const warnings = [{ code, message: 'It is so.' }];
      assert.deepEqual(onlyVerdicts(madeReport({ machine: 'a', save: 10_000, warnings })), ['lies']);
    }
  });

  it('says where it is not visible what a sync does', () => {
    const network = [{ code: 'network' as const, message: 'It is so.' }];
    for (const more of [{ device: { virtual: true } }, { warnings: network }]) {
      assert.deepEqual(onlyVerdicts(madeReport({ machine: 'a', save: 10_000, ...more })), ['not visible']);
    }
  });

  it('says the same about several disks in one sentence', () => {
    const virtual = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((machine) =>
      madeReport({ machine, save: 1000, device: { virtual: true } }),
    );
    assert.deepEqual(
      fleetFindings(fleetOf(virtual)).map(({ text }) => text.slice(0, 58)),
      ['a:/, b:/, c:/, d:/, e:/, f:/ and 2 more: not visible. The '],
    );
  });
});

describe('the disks of a fleet as a page', () => {
  const page = fleetHtml(fleetOf([...FLEET, madeReport({ machine: '<b>&', save: 100, device: SOLID })]));

  it('is self-contained: it has no script and loads nothing', () => {
    assert.doesNotMatch(page, /<script|<link|<img|\ssrc=|\shref=|url\(|@import|https?:/);
  });

  it('has a chart for each kind of disk, and one of the disks that have changed', () => {
    assert.equal(page.match(/<svg /g)?.length, 3);
    assert.equal(page.match(/<tr class="bad">/g)?.length, 3);
  });

  it('escapes names, and has valid numbers', () => {
    assert.ok(!page.includes('<b>&') && page.includes('&lt;b&gt;&amp;'));
    assert.doesNotMatch(page.slice(0, page.indexOf('<details>')), /NaN|Infinity|undefined|null/);
  });

  it('draws the names of disks inside its charts, however long they are', () => {
    const long = fleetHtml(fleetOf([madeReport({ machine: 'x'.repeat(200), save: 100 })]));
    const svg = long.slice(long.indexOf('<svg'), long.indexOf('</svg>'));
    for (const [, x, text = ''] of svg.matchAll(/ x="([^"]*)"[^>]* text-anchor="end">([^<]*)</g)) {
      assert.ok(text.length * 6 <= Number(x), text);
    }
    assert.ok(svg.includes('…'));
  });
});
