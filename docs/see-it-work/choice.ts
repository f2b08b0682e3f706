import type { Pair, Recordings, Run } from './recordings.js';

/** What the visitor has chosen to see; kept in the page's address, so that it can be passed on. */
export interface Choice {
  filesystem: string;
  recipe: string;
  /** A second recipe beside the first. */
  beside: string | undefined;
  /** Whether another program syncs meanwhile. */
  busy: boolean;
}

const PARAMETER = { filesystem: 'on', recipe: 'recipe', beside: 'and', busy: 'busy' };
const FIRST = { filesystem: 'ext4', recipe: 'textbook' };

/** Reads a choice from the part of an address behind `#`; what is not there, or cannot be had, is as at first. */
export function parseChoice(fragment: string, recordings: Recordings): Choice {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const value = (parameter: string) => given.get(parameter) ?? undefined;
  return possibleChoice(
    {
      filesystem: value(PARAMETER.filesystem) ?? FIRST.filesystem,
      recipe: value(PARAMETER.recipe) ?? FIRST.recipe,
      beside: value(PARAMETER.beside),
      busy: value(PARAMETER.busy) !== 'no',
    },
    recordings,
  );
}

export function formatChoice({ filesystem, recipe, beside, busy }: Choice): string {
  const given = new URLSearchParams({ [PARAMETER.filesystem]: filesystem, [PARAMETER.recipe]: recipe });
  if (beside !== undefined) given.set(PARAMETER.beside, beside);
  if (!busy) given.set(PARAMETER.busy, 'no');
  return `#${given}`;
}

/** The choice itself if it was recorded, or the nearest that was. */
export function possibleChoice(choice: Choice, { pairs }: Recordings): Choice {
  const on = (filesystem: string) => pairs.filter((pair) => pair.filesystem === filesystem);
  const filesystem = on(choice.filesystem).length > 0 ? choice.filesystem : (pairs[0]?.filesystem ?? '');
  const recipes = on(filesystem).map(({ recipe }) => recipe);
  const recipe = [choice.recipe, FIRST.recipe].find((one) => recipes.includes(one)) ?? recipes[0] ?? '';
  const { beside } = choice;
  return {
    filesystem,
    recipe,
    beside: beside !== undefined && beside !== recipe && recipes.includes(beside) ? beside : undefined,
    busy: choice.busy,
  };
}

export function pairOf({ pairs }: Recordings, filesystem: string, recipe: string): Pair {
  const pair = pairs.find((one) => one.filesystem === filesystem && one.recipe === recipe);
  if (pair === undefined) throw new Error(`not recorded: ${recipe} on ${filesystem}`);
  return pair;
}

export function runOf({ alone, beside }: Pair, busy: boolean): Run {
  return busy ? beside : alone;
}
