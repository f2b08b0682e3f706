import { crashAt, foundAt } from './moment.js';
import type { Pair, Promised, Run } from './recordings.js';
import type { Found } from './settings-file.js';

/** One thing that a crash may leave. */
export interface CrashOutcome {
  found: Found;
  /** Whether a temporary file is left beside it. */
  litter: boolean;
  states: number;
  /** Of all states of that moment, 0 to 1. */
  share: number;
  judgement: Judgement;
}

export interface Judgement {
  /** `lost`: a promise was broken, or the file is ruined; `kept`: what was promised holds; `fine`: nothing was promised. */
  says: 'lost' | 'kept' | 'fine';
  text: string;
}

/** Everything that a crash at this instant may leave, the most likely first, what differs in litter only counted apart. */
export function outcomesAt(pair: Pair, run: Run, promises: Promised, at: number): CrashOutcome[] {
  const { outcomes } = crashAt(run, at);
  const total = outcomes.reduce((sum, [, , states]) => sum + states, 0);
  const told = at >= run.settled && run.rejected === undefined;
  return outcomes.map(([index, litter, states]) => {
    const found = foundAt(pair, index);
    return {
      found,
      litter: litter === 1,
      states,
      share: states / total,
      judgement: judge(found, promises, told),
    };
  });
}

/** What a crash means to the program that saved, and to whoever owns the file. */
export function judge({ kind }: Found, promises: Promised, told: boolean): Judgement {
  if (kind === 'new') {
    return told
      ? { says: 'kept', text: 'The program had been told that it was saved, and it was.' }
      : { says: 'fine', text: 'The new version, whole, though nobody had been told yet.' };
  }
  if (kind === 'old') {
    if (!told) return { says: 'fine', text: 'The old version, whole. Nothing had been promised yet.' };
    return promises === 'ordered'
      ? {
          says: 'kept',
          text: 'The old version, whole. An ordered save may lose the newest version, and says so.',
        }
      : { says: 'lost', text: 'The program had been told that it was saved: lost.' };
  }
  const ruin = RUINED[kind];
  return {
    says: 'lost',
    text: told ? `${ruin} And the program had been told that it was saved: lost.` : ruin,
  };
}

const RUINED: Readonly<Record<'empty' | 'missing' | 'torn' | 'unmountable', string>> = {
  empty: 'Neither old nor new: the file is empty.',
  missing: 'Neither old nor new: the file is gone.',
  torn: 'Neither old nor new: the file is torn.',
  unmountable: 'The filesystem can no longer be mounted.',
};
