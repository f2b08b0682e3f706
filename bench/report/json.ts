import { readFileSync } from 'node:fs';
import { isError } from '../../src/base/errors.js';
import type { Report, Run } from '../measure/report.js';
import type { Fleet } from './fleet.js';

const SCHEMA: Report['schema'] = 'indelible-bench/3';

/** The report as JSON. Unknown values are `null`, since JSON would leave out `undefined`. */
export function reportJson(report: Report | Fleet): string {
  return `${JSON.stringify(report, (_, value: unknown) => (value === undefined ? null : value), 2)}\n`;
}

/**
 * Reads a report that `--json` has written.
 *
 * @throws {Error} if the file cannot be read, or is no such report.
 */
export function readReport(path: string): Report {
  return parseReport(readFileSync(path, 'utf8'), `'${path}'`);
}

/**
 * The reports in a text: one JSON document after the other, however they are indented.
 *
 * @param name of the text, for errors.
 * @throws {Error} if a part of the text is no report, or if a report does not name its machine.
 */
export function parseReports(text: string, name: string): Report[] {
  const documents = documentsIn(text);
  if (documents.length === 0) throw new Error(`${name} is empty`);
  return documents.map((document, index) => {
    const which = documents.length === 1 ? name : `document ${index + 1} of ${name}`;
    const report = parseReport(document, which);
    if (!lacks(report, ['machine', 'name'], 'string')) return report;
    throw new Error(
      `${which} has no 'machine.name', as all reports of earlier versions; indelible bench --from OLD --machine NAME --json NEW adds it`,
    );
  });
}

/** The types of the fields without which nothing can be shown. One that ends in `?` may be `null`. */
const NEEDED: Readonly<Record<string, string>> = {
  indelible: 'string',
  'machine.kernel': 'string',
  'runs.*.directory': 'string',
  'runs.*.filesystem.warnings.*.code': 'string',
  'runs.*.findings.*.about': 'string',
  'runs.*.noise': 'object?',
  ...Object.fromEntries(
    ['baseline', 'appends', 'contenders'].flatMap((results) => [
      [`runs.*.${results}.*.name`, 'string'],
      [`runs.*.${results}.*.samples`, 'number'],
      ...['minimum', 'median', 'maximum'].map((key) => [`runs.*.${results}.*.microseconds.${key}`, 'number']),
      ...['p90', 'p99', 'p999'].map((key) => [`runs.*.${results}.*.microseconds.${key}`, 'number?']),
      [`runs.*.${results}.*.microseconds.interval`, 'object?'],
    ]),
  ),
};

/** Whether a value has nothing of this type at a path. `*` is each element of an array. */
function lacks(value: unknown, [key, ...rest]: readonly string[], type: string): boolean {
  if (key === undefined)
    return typeof value !== type.replace('?', '') && !(type.endsWith('?') && value === null);
  if (key === '*') return !Array.isArray(value) || value.some((element) => lacks(element, rest, type));
  return typeof value !== 'object' || value === null || lacks(Reflect.get(value, key), rest, type);
}

/** What is cut off or no JSON stays one document, for the parser to refuse. */
function documentsIn(text: string): string[] {
  const documents: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    else if ((token === '}' || token === ']') && --depth === 0) {
      documents.push(text.slice(start, index + 1));
      start = index + 1;
    }
  }
  return [...documents, text.slice(start)].filter((document) => document.trim() !== '');
}

function parseReport(text: string, name: string): Report {
  const refuse = (why: string) => new Error(`${name} cannot be read as a report of indelible bench: ${why}`);
  let report: Report | { schema?: unknown } | null;
  try {
    report = JSON.parse(text);
  } catch (error) {
    throw refuse(isError(error) ? error.message : 'it is no JSON');
  }
  if (!isReport(report)) {
    const found = typeof report?.schema === 'string' ? `the schema '${report.schema}'` : 'no schema';
    throw refuse(`it has ${found}, not '${SCHEMA}'`);
  }
  const field = Object.entries(NEEDED).find(([path, type]) => lacks(report, path.split('.'), type))?.[0];
  if (field !== undefined) throw refuse(`it has no '${field}'`);
  if (Number.isNaN(Date.parse(report.date))) throw refuse("its 'date' is not a date");
  return { ...report, runs: report.runs.map(withUndefined) };
}

function isReport(document: Report | { schema?: unknown } | null): document is Report {
  return document?.schema === SCHEMA;
}

/** In a `Filesystem`, unknown values are `undefined`. */
function withUndefined(run: Run): Run {
  const filesystem: Run['filesystem'] = JSON.parse(JSON.stringify(run.filesystem), (_, value: unknown) =>
    value === null ? undefined : value,
  );
  return { ...run, filesystem };
}
