import { readFileSync } from 'node:fs';
import type { Report, Run } from '../measure/report.js';

const SCHEMA: Report['schema'] = 'indelible-bench/2';

/** The report as JSON. Unknown values are `null`, since JSON would leave out `undefined`. */
export function reportJson(report: Report): string {
  return `${JSON.stringify(report, (_, value: unknown) => (value === undefined ? null : value), 2)}\n`;
}

/**
 * Reads a report that `--json` has written.
 *
 * @throws {Error} if the file cannot be read, or has another schema.
 */
export function readReport(path: string): Report {
  const report: Report | { schema?: unknown } | null = JSON.parse(readFileSync(path, 'utf8'));
  if (!isReport(report)) {
    const found = typeof report?.schema === 'string' ? `the schema '${report.schema}'` : 'no schema';
    throw new Error(
      `'${path}' cannot be read as a report of indelible bench: it has ${found}, not '${SCHEMA}'`,
    );
  }
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
