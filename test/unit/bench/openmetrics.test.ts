import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { reportOpenMetrics } from '../../../bench/report/openmetrics.js';
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
});
