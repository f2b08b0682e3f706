import { crashAt, foundAt } from './moment.js';
import type { Pair, Promised, Run } from './recordings.js';
import { type Found, isWhole, isZeros } from './settings-file.js';
import { percent } from './words.js';

/** One possible outcome of a crash. */
export interface CrashOutcome {
  found: Found;
  /** Whether a temporary file is left, too. */
  litter: boolean;
  states: number;
  /** Share of all states of that moment, 0 to 1. */
  share: number;
  judgement: Judgement;
}

export interface Judgement {
  /**
   * `lost`: a promise was broken, or the file is ruined; `kept`: the promise holds; `fine`: nothing was
   * promised.
   */
  says: 'lost' | 'kept' | 'fine';
  text: string;
}

/**
 * All outcomes of a crash at this instant, the most likely first. Outcomes that differ only in litter are
 * counted separately.
 */
export function outcomesAt(pair: Pair, run: Run, promises: Promised, at: number): CrashOutcome[] {
  const { outcomes } = crashAt(run, at);
  const total = outcomes.reduce((sum, [, , states]) => sum + states, 0);
  const resolved = at >= run.settled && run.rejected === undefined;
  return outcomes.map(([index, litter, states]) => {
    const found = foundAt(pair, index);
    return {
      found,
      litter: litter === 1,
      states,
      share: states / total,
      judgement: judge(found, promises, resolved),
    };
  });
}

/** The outcomes together, in a few words. */
export function verdictOf(outcomes: readonly CrashOutcome[]): { says: 'lost' | 'kept'; text: string } {
  const shareOf = (is: (outcome: CrashOutcome) => boolean) =>
    outcomes.filter(is).reduce((sum, { share }) => sum + share, 0);
  const ruined = shareOf(({ found }) => !isWhole(found));
  const lost = shareOf(({ found, judgement }) => isWhole(found) && judgement.says === 'lost');
  if (ruined + lost === 0) return { says: 'kept', text: 'The file is whole.' };
  const parts = [
    ruined === 0 ? undefined : `ruined${ruined < WHOLE ? ` in ${percent(ruined)}` : ''}`,
    lost === 0 ? undefined : `lost${lost < WHOLE ? ` in ${percent(lost)}` : ''}`,
  ].filter((part) => part !== undefined);
  return {
    says: 'lost',
    text: `${ruined > 0 ? 'The file is' : 'The save is'} ${parts.join(', the save ')}.`,
  };
}

/** Sums of shares are not exact. */
const WHOLE = 0.9999;

/** Judges the file after a crash. `resolved`: whether the promise of the save had resolved before. */
export function judge(found: Found, promises: Promised, resolved: boolean): Judgement {
  const { kind } = found;
  if (kind === 'new') {
    return resolved
      ? { says: 'kept', text: 'The save had resolved, and the new version is there.' }
      : { says: 'fine', text: 'The new version, whole. The save had not resolved.' };
  }
  if (kind === 'old') {
    if (!resolved) return { says: 'fine', text: 'The old version, whole. The save had not resolved.' };
    return promises === 'ordered'
      ? {
          says: 'kept',
          text: 'The old version, whole. The save had resolved as ordered, which may lose the newest version.',
        }
      : { says: 'lost', text: 'The save had resolved, but the new version is lost.' };
  }
  const ruin = isZeros(found) ? 'Neither old nor new: the file is full of zeros.' : RUINED[kind];
  return {
    says: 'lost',
    text: resolved ? `${ruin} The save had resolved, but the new version is lost.` : ruin,
  };
}

const RUINED: Readonly<Record<'empty' | 'missing' | 'torn' | 'unmountable', string>> = {
  empty: 'Neither old nor new: the file is empty.',
  missing: 'Neither old nor new: the file is gone.',
  torn: 'Neither old nor new: the file is torn.',
  unmountable: 'The filesystem can no longer be mounted.',
};
