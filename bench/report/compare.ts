import { markdownTable } from 'markdown-table';
import { byteSize, duration, threeDigits } from '../measure/amount.js';
import { REFERENCE } from '../measure/baseline.js';
import { DURABLE_SAVE } from '../measure/findings.js';
import type { Report, Result, Run } from '../measure/report.js';

/** A result, compared with that of an earlier run or of another disk. */
export interface Change {
  what: string;
  before: number;
  now: number;
  /** Whether the confidence intervals of the two medians are apart. `undefined` if one has no interval. */
  beyondNoise: boolean | undefined;
}

/**
 * Compares the medians that both reports have, run by run in their order, in microseconds a run: the baseline, single
 * saves, by size and by number at once.
 *
 * The rounds of different runs cannot be compared one by one. So a change counts only if the confidence intervals of
 * the two medians are apart.
 */
export function changesBetween(before: Report, now: Report): { title: string; changes: Change[] }[] {
  return now.runs.flatMap((run, index) => {
    // All runs are compared with the only run of the earlier report.
    const earlier = before.runs.length === 1 ? before.runs[0] : before.runs[index];
    if (earlier === undefined) return [];
    const known = resultsOf(earlier);
    const changes = [...resultsOf(run)].flatMap(([what, result]) => {
      const old = known.get(what);
      return old === undefined ? [] : [changeOf(what, old, result)];
    });
    return [{ title: `${earlier.directory}, ${before.date.slice(0, 16)} -> ${run.directory}`, changes }];
  });
}

/** @param what the name of both. */
export function changeOf(what: string, before: Result, now: Result): Change {
  const [old, current] = [before.microseconds.interval, now.microseconds.interval];
  return {
    what,
    before: before.microseconds.median,
    now: now.microseconds.median,
    beyondNoise: old === null || current === null ? undefined : old[1] < current[0] || current[1] < old[0],
  };
}

/** What `--fail-if` judges: the durable save, and the sync below it. */
const JUDGED: readonly string[] = [DURABLE_SAVE, REFERENCE];

/** Whether a run is slower than an earlier one. */
export interface Judgement {
  /** Beyond the noise, and by the percentage that was asked for. */
  slower: readonly Change[];
  /** What cannot be judged, because one of the reports lacks it or has too few rounds. */
  unknown: readonly string[];
}

/** @param percent the least increase of a median that counts. */
export function judgementOf(
  compared: readonly { title: string; changes: Change[] }[],
  percent: number,
): Judgement {
  const changes = compared.flatMap((one) => one.changes).filter(({ what }) => JUDGED.includes(what));
  const missing = compared.flatMap((one) =>
    JUDGED.filter((name) => one.changes.every(({ what }) => what !== name)),
  );
  return {
    slower: changes.filter(
      ({ before, now, beyondNoise }) => beyondNoise === true && now >= before * (1 + percent / 100),
    ),
    unknown: [
      ...missing,
      ...changes.flatMap(({ what, beyondNoise }) => (beyondNoise === undefined ? [what] : [])),
      ...(compared.length === 0 ? JUDGED : []),
    ],
  };
}

function resultsOf(run: Run): Map<string, Result> {
  const named = (prefix: string, results: readonly Result[]) =>
    results.map((result) => [`${prefix}${result.name}`, result] as const);
  return new Map([
    ...named('', run.baseline),
    ...named('', run.appends),
    ...named('', run.contenders),
    ...run.bySize.flatMap(({ bytes, results }) => named(`${byteSize(bytes)}: `, results)),
    ...run.byConcurrency.flatMap(({ atOnce, results }) => named(`${atOnce} at once: `, results)),
  ]);
}

/** For the terminal, in at most 80 columns. */
export function changesText(compared: readonly { title: string; changes: Change[] }[]): string {
  return compared
    .map(({ title, changes }) => {
      const rows = changes.map(({ what, before, now, beyondNoise }) => [
        what,
        duration(before),
        duration(now),
        `x ${threeDigits(now / before)}`,
        beyondNoise === undefined ? 'unknown' : beyondNoise ? (now < before ? 'faster' : 'slower') : 'noise',
      ]);
      const head = ['', 'before', 'now', 'change', 'result'];
      return `${title}\n\n${markdownTable([head, ...rows], { align: ['l', 'r', 'r', 'r', 'l'] })}\n`;
    })
    .join('\n');
}
