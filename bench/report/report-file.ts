import { readFileSync } from 'node:fs';
import type { Report, Run } from '../measure/report.js';

/** The report as JSON. What is hidden is `null`: a reader could not tell what is left out from what does not exist. */
export function reportJson(report: Report): string {
  return `${JSON.stringify(report, (_, value: unknown) => (value === undefined ? null : value), 2)}\n`;
}

/**
 * Reads what `--json` has written.
 *
 * @throws if the file cannot be read, or is no report of this schema.
 */
export function readReport(path: string): Report {
  const report: Report = JSON.parse(readFileSync(path, 'utf8'));
  if (report?.schema !== 'indelible-bench/2') throw new Error(`'${path}' is no report of indelible bench`);
  return { ...report, runs: report.runs.map(withHidden) };
}

/** `inspect` says `undefined` of what is hidden. */
function withHidden(run: Run): Run {
  const filesystem: Run['filesystem'] = JSON.parse(JSON.stringify(run.filesystem), (_, value: unknown) =>
    value === null ? undefined : value,
  );
  return { ...run, filesystem };
}
