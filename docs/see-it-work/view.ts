import { type Choice, formatChoice, parseChoice } from './choice.js';
import { type Combination, EVERY_STEP, isVariant, STEPS } from './combinations.js';
import type { Recordings } from './recordings.js';

/** What the page shows. It is kept in the page's address. */
export type View =
  | { kind: 'lesson' }
  /** `stop` counts from 1; 0 is before the first. */
  | { kind: 'tour'; stop: number }
  | { kind: 'break'; steps: Combination; filesystem: string }
  | { kind: 'recordings'; choice: Choice };

export type ViewKind = View['kind'];

/** The filesystem on which steps are left out at first: it shows most of what may happen. */
const BROKEN_ON = 'xfs';

/** Reads a view from the fragment of an address. */
export function parseView(fragment: string, recordings: Recordings): View {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const stop = given.get('tour');
  if (stop !== null) return { kind: 'tour', stop: /^[1-5]$/.test(stop) ? Number(stop) : 0 };
  const steps = given.get('steps');
  if (steps !== null) {
    const done = steps.split(',');
    const on = combinedOn(recordings).find((filesystem) => filesystem === given.get('on')) ?? BROKEN_ON;
    return { kind: 'break', steps: new Set(STEPS.filter((step) => done.includes(step))), filesystem: on };
  }
  if (given.has('on') || given.has('recipe')) {
    return { kind: 'recordings', choice: parseChoice(fragment, recordings) };
  }
  return { kind: 'lesson' };
}

/** The filesystems on which every combination of steps was recorded. */
export function combinedOn({ pairs }: Recordings): string[] {
  return [...new Set(pairs.filter(({ recipe }) => isVariant(recipe)).map(({ filesystem }) => filesystem))];
}

export function formatView(view: View): string {
  switch (view.kind) {
    case 'lesson':
      return '#lesson';
    case 'tour':
      return `#tour=${view.stop}`;
    case 'break':
      return `#steps=${[...view.steps].join(',')}&on=${view.filesystem}`;
    case 'recordings':
      return formatChoice(view.choice);
  }
}

/** The view of a kind that is shown first. */
export function firstView(kind: ViewKind, recordings: Recordings): View {
  switch (kind) {
    case 'lesson':
      return { kind };
    case 'tour':
      return { kind, stop: 0 };
    case 'break':
      return { kind, steps: EVERY_STEP, filesystem: BROKEN_ON };
    case 'recordings':
      return { kind, choice: parseChoice('', recordings) };
  }
}
