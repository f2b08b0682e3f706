/** The four steps of the textbook recipe that a visitor can leave out. */
export const STEPS = ['sync', 'same-directory', 'rename', 'directory-sync'] as const;
export type StepName = (typeof STEPS)[number];

/** The steps that are done. */
export type Combination = ReadonlySet<StepName>;

export const EVERY_STEP: Combination = new Set(STEPS);

/** The recording of a combination, or why there is none. */
export type Played = { recipe: string; means: string } | { impossible: string };

/** By which recording a combination is shown: the rows by rename and temporary, the columns by sync and directory sync. */
const RECIPES = {
  renamed: {
    none: 'rename-unsynced',
    sync: 'no-directory-sync',
    directory: 'rename-directory-synced',
    both: 'textbook',
  },
  copied: {
    none: 'copied-over',
    sync: 'copied-over-synced',
    directory: 'copied-over-directory-synced',
    both: 'copied-over-all-synced',
  },
  overwritten: {
    none: 'overwrite',
    sync: 'overwrite-synced',
    directory: 'overwrite-directory-synced',
    both: 'overwrite-all-synced',
  },
} as const;

const MEANS = {
  renamed: 'The new version is written beside the file and renamed over it',
  copied:
    'The new version is written to /tmp, which is on another filesystem. No rename can move it from there: the call fails, and the program copies over the file, as mv does',
  overwritten: 'There is no second file: the program writes into the file itself',
} as const;

/** Every combination of the four steps. */
export function allCombinations(): Combination[] {
  return Array.from(
    { length: 2 ** STEPS.length },
    (_, bits) => new Set(STEPS.filter((_step, index) => (bits & (1 << index)) === 0)),
  );
}

export function playedBy(steps: Combination): Played {
  if (steps.has('same-directory') && !steps.has('rename')) {
    return {
      impossible:
        'A temporary beside the file is of no use without the rename: nothing else can put it in the place of the file in one step. The file would stay old for ever. Leave out the temporary, too, and the program writes into the file itself.',
    };
  }
  const way = !steps.has('rename') ? 'overwritten' : steps.has('same-directory') ? 'renamed' : 'copied';
  const syncs = steps.has('sync')
    ? steps.has('directory-sync')
      ? 'both'
      : 'sync'
    : steps.has('directory-sync')
      ? 'directory'
      : 'none';
  const synced = way === 'copied' ? TEMPORARY_SYNCED[syncs] : SYNCED[syncs];
  return { recipe: RECIPES[way][syncs], means: `${MEANS[way]}, ${synced}.` };
}

const SYNCED = {
  none: 'and nothing is synced',
  sync: 'and what was written is synced, but not the directory',
  directory: 'and the directory is synced, but not what was written',
  both: 'and what was written is synced, and the directory',
} as const;

const TEMPORARY_SYNCED = {
  none: 'and nothing is synced',
  sync: 'and only the temporary in /tmp is synced: neither the copy nor the directory',
  directory: 'and the directory is synced, but not what was written',
  both: 'and the temporary in /tmp is synced, and the directory, but not the copy',
} as const;

/** Whether a recipe was recorded for these combinations alone. */
export function isVariant(recipe: string): boolean {
  return /-synced$/.test(recipe);
}
