import type { Pair, Recordings, Run } from './recordings.js';

/** The visitor's choice among all recordings. It is kept in the page's address, so that a link shows the same. */
export interface Choice {
  filesystem: string;
  recipe: string;
  /** A second recipe, shown side by side. */
  beside: string | undefined;
  /** Whether another program syncs at the same time. */
  busy: boolean;
}

const PARAMETER = { filesystem: 'on', recipe: 'recipe', beside: 'and', busy: 'busy' };
const DEFAULT = { filesystem: 'ext4', recipe: 'textbook' };

/** Reads a choice from the fragment of an address. What is missing or was not recorded gets its default. */
export function parseChoice(fragment: string, recordings: Recordings): Choice {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const value = (parameter: string) => given.get(parameter) ?? undefined;
  return possibleChoice(
    {
      filesystem: value(PARAMETER.filesystem) ?? DEFAULT.filesystem,
      recipe: value(PARAMETER.recipe) ?? DEFAULT.recipe,
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

/** The choice itself if it was recorded, or the nearest recorded one. */
export function possibleChoice(choice: Choice, { pairs }: Recordings): Choice {
  const on = (filesystem: string) => pairs.filter((pair) => pair.filesystem === filesystem);
  const filesystem = on(choice.filesystem).length > 0 ? choice.filesystem : (pairs[0]?.filesystem ?? '');
  const recipes = on(filesystem).map(({ recipe }) => recipe);
  const recipe = [choice.recipe, DEFAULT.recipe].find((one) => recipes.includes(one)) ?? recipes[0] ?? '';
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
