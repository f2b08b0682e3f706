import { writeFileSync } from 'node:fs';
import { markdownTable } from 'markdown-table';
import { formatCounts } from '../lab/report.js';
import { processorTime } from './process.js';

/** What one part of the lab has found. */
export interface PartResult {
  passed: number;
  /** A line for each check that failed. */
  failures: readonly string[];
  /** Tests that do not apply to the filesystem, each with its reason in `test/platforms/inapplicable.ts`. */
  inapplicable?: number;
  /** Tests that were not run and are not listed. */
  skipped?: number;
  /** Shown, not judged. */
  shown?: string;
}

/** A condition that must hold. */
export interface Check {
  what: string;
  /** What contradicts it. */
  against: readonly string[];
}

export function resultOf(checks: readonly Check[], shown: string): PartResult {
  const failures = checks
    .filter(({ against }) => against.length > 0)
    .map(({ what, against }) => [what, ...against.slice(0, 5)].join('\n    '));
  return { passed: checks.length - failures.length, failures, shown };
}

/** The results of all parts. */
export class Results {
  readonly #rows: string[][] = [];
  readonly #counts = { passed: 0, failed: 0, skipped: 0 };

  /** Runs a part. An error is a failure, and does not stop later parts. */
  async run(filesystem: string, part: string, body: () => Promise<PartResult>): Promise<void> {
    const start = performance.now();
    const processor = processorTime();
    let result: PartResult;
    try {
      result = await body();
    } catch (error) {
      result = {
        passed: 0,
        failures: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
      };
    }
    const { passed, failures, inapplicable = 0, skipped = 0, shown = '' } = result;
    const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`;
    const processorSeconds = `${((processorTime() - processor) / 1000).toFixed(1)} s`;
    for (const failure of failures) console.log(`FAILED: ${filesystem}, ${part}: ${failure}`);
    console.log(`${filesystem}, ${part}: ${passed} passed, ${failures.length} failed, ${seconds}. ${shown}`);
    this.#rows.push([
      filesystem,
      part,
      ...[passed, failures.length, inapplicable].map(String),
      seconds,
      processorSeconds,
      shown,
    ]);
    this.#counts.passed += passed;
    this.#counts.failed += failures.length;
    this.#counts.skipped += skipped;
  }

  /** Prints the table, and writes the counts for `.ci/count.mjs`. The process fails if something has failed. */
  finish(json: string | undefined): void {
    const head = ['filesystem', 'part', 'passed', 'failed', 'not applicable', 'time', 'processor', 'seen'];
    console.log(`\n${markdownTable([head, ...this.#rows])}`);
    if (this.#counts.failed > 0) process.exitCode = 1;
    if (json !== undefined) writeFileSync(json, formatCounts(this.#counts));
  }
}
