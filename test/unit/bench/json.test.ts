import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { parseReports } from '../../../bench/report/json.js';
import { FLEET, madeReport } from './made-fleet.js';

const report = madeReport({ machine: 'a "quoted" {name}] \\', save: 100 });
const whole = JSON.stringify(report);
const cut = (length: number) => whole.slice(0, length);

describe('the reports in a text', () => {
  it('follow each other, on one line or on many', () => {
    const texts = [whole, JSON.stringify(FLEET[1], null, 2), `${whole}\n`];
    const names = parseReports(texts.join(''), 'x').map(({ machine }) => machine.name);
    assert.deepEqual(names, [report.machine.name, FLEET[1]?.machine.name, report.machine.name]);
  });

  const refused: Record<string, readonly [text: string, why: RegExp]> = {
    'another JSON document': ['{"name":"x"}', /^x cannot be read as .*: it has no schema, not /],
    'another type of document': ['[1] 2', /^document 1 of x cannot be read as .*: it has no schema/],
    'OpenMetrics text': ['# TYPE a gauge\na{b="c"} 1\n# EOF\n', /^document 1 of x cannot be read as .*JSON$/],
    'a second document that is none': [`${whole}\n{`, /^document 2 of x cannot be read as .*JSON/],
    'an empty text': [' \n', /^x is empty$/],
    'a report without runs': [
      JSON.stringify({ ...report, runs: undefined }),
      /^x cannot be read as .*: it has no 'runs\.\*\.directory'$/,
    ],
    'a report with a result that has no number': [
      whole.replace('"median":100', '"median":"100"'),
      /^x cannot be read as .*: it has no 'runs\.\*\.contenders\.\*\.microseconds\.median'$/,
    ],
    'a report without a date': [
      JSON.stringify({ ...report, date: 'yesterday' }),
      /^x cannot be read as .*: its 'date' is not a date$/,
    ],
    'an earlier report, which does not name its machine': [
      JSON.stringify({ ...report, machine: { ...report.machine, name: undefined } }),
      /^x has no 'machine\.name', .* --machine NAME .* adds it$/,
    ],
  };
  for (const [what, [text, why]] of Object.entries(refused)) {
    it(`are not ${what}`, () => {
      assert.throws(() => parseReports(text, 'x'), { message: why });
    });
  }

  it('are refused wherever the text is cut off', () => {
    for (let length = 1; length < whole.length; length += 7) {
      assert.throws(() => parseReports(cut(length), 'x'), /^Error: (document 1 of )?x cannot be read as /);
    }
  });
});
