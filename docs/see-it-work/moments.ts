import { outcomesAt } from './crash-outcomes.js';
import type { Pair, Run } from './recordings.js';
import { isWhole } from './settings-file.js';

/** How long after a moment the power fails, in microseconds: the playhead is then visibly behind it. */
const AFTER = 1500;

/** The moments at which the outcomes of a crash may change. */
function changes(run: Run): number[] {
  return [run.begin, run.settled, ...run.requests.map(({ end }) => end)].sort((a, b) => a - b);
}

/** An instant with the outcomes of `at`, a little later where there is time for it. */
function within(runs: readonly Run[], at: number): number {
  const next = Math.min(...runs.flatMap(changes).filter((change) => change > at));
  return Math.min(at + AFTER, Number.isFinite(next) ? next - 1 : at);
}

/**
 * The first of the moments at which a crash harms most: it ruins the file in most cases, or else loses a save that had
 * resolved in most. Undefined if no crash does any harm.
 */
export function worstMoment(pair: Pair, run: Run): number | undefined {
  const harm = (at: number) =>
    outcomesAt(pair, run, 'durable', at).reduce(
      (sum, { found, judgement, share }) =>
        sum + (isWhole(found) ? 0 : 2 * share) + (judgement.says === 'lost' ? share : 0),
      0,
    );
  const worst = changes(run)
    .map((at) => ({ at, harm: harm(at) }))
    .reduce((a, b) => (b.harm > a.harm ? b : a));
  return worst.harm > 0 ? within([run], worst.at) : undefined;
}

/**
 * The first moment at which both saves have resolved, every crash ruins the first file, and none harms the
 * second.
 */
export function momentOfDifference(
  careless: { pair: Pair; run: Run },
  safe: { pair: Pair; run: Run },
): number {
  const runs = [careless.run, safe.run];
  const at = runs
    .flatMap(changes)
    .sort((a, b) => a - b)
    .filter((moment) => runs.every(({ settled }) => moment >= settled))
    .find(
      (moment) =>
        outcomesAt(careless.pair, careless.run, 'durable', moment).every(({ found }) => !isWhole(found)) &&
        outcomesAt(safe.pair, safe.run, 'durable', moment).every(({ found }) => found.kind === 'new'),
    );
  if (at === undefined) throw new Error('the two recordings have no such moment');
  return within(runs, at);
}
