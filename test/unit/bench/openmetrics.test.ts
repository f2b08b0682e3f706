import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { fleetOf } from '../../../bench/report/fleet.js';
import { fleetOpenMetrics, reportOpenMetrics } from '../../../bench/report/openmetrics.js';
import { FLEET } from './made-fleet.js';
import { contenderNamed, reportOf, runOf } from './measured.js';

// The ABNF of OpenMetrics 1.0, as far as it is used: metadata, samples with labels, and the end.
const LINE =
  /^(# (TYPE|UNIT|HELP) [a-z_]+ .+|[a-z_]+\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\} -?[0-9.e+-]+|# EOF)$/;

describe('the report as OpenMetrics', () => {
  const contender = { ...contenderNamed('save, durable', 2500, 'durable'), flushes: 2 };
  const text = reportOpenMetrics(reportOf(runOf([contender], { directory: 'a "quoted"\n\\ place' })));

  it('has the text format and the end mark', () => {
    assert.ok(text.endsWith('\n# EOF\n'));
    for (const line of text.trimEnd().split('\n')) assert.match(line, LINE);
  });

  it('gives times in seconds, by quantile', () => {
    assert.match(text, /^indelible_bench_duration_seconds\{.*name="save, durable",quantile="0.5"\} 0.0025$/m);
  });

  it('has flushes only if they were counted', () => {
    const counted = text.split('\n').filter((line) => line.startsWith('indelible_bench_flushes{'));
    assert.equal(counted.length, 1);
    assert.match(counted[0] ?? '', /name="save, durable"\} 2$/);
  });

  it('has no type that the text format of Prometheus lacks', () => {
    const types = [...text.matchAll(/^# TYPE \S+ (\S+)$/gm)].map(([, type]) => type);
    assert.deepEqual(new Set(types), new Set(['gauge']));
  });
});

describe('a fleet as OpenMetrics', () => {
  const text = fleetOpenMetrics(fleetOf(FLEET));

  it('has the text format and the end mark, and each series once', () => {
    assert.ok(text.endsWith('\n# EOF\n'));
    const lines = text.trimEnd().split('\n');
    for (const line of lines) assert.match(line, LINE);
    const series = lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/ \S+$/, ''));
    assert.equal(new Set(series).size, series.length);
  });

  it('has a sample for each verdict', () => {
    const found = [
      ...text.matchAll(/^indelible_fleet_verdict\{machine="([^"]*)".*,verdict="([^"]*)"\} 1$/gm),
    ];
    assert.deepEqual(found.map(([, machine, verdict]) => `${machine}: ${verdict}`).sort(), [
      'changed: changed',
      'few: tells nothing',
      'lies: lies',
      'slow: slow',
    ]);
  });
});

describe('the queries of docs/bench.md', () => {
  const page = readFileSync(new URL('../../../docs/bench.md', import.meta.url), 'utf8');
  const contender = { ...contenderNamed('save, durable', 2500, 'durable'), flushes: 2 };
  const fdatasync = { ...contenderNamed('fdatasync', 2500, 'durable'), flushes: 1 };
  const lines = reportOpenMetrics(reportOf(runOf([contender], { baseline: [fdatasync] }))).split('\n');

  it('select series that a report has', () => {
    const selectors = [...page.matchAll(/\b(indelible_bench_\w+)\{([^}]*)\}/g)];
    assert.ok(selectors.length >= 4);
    for (const [selector, name = '', labels = ''] of selectors) {
      const wanted = labels.match(/\w+="[^"]*"/g) ?? [];
      const found = lines.filter(
        (line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)),
      );
      assert.equal(found.length, 1, selector);
    }
  });
});
