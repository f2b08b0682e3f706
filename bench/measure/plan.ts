/** What is measured in a directory, and how the time is shared out. */
export interface BenchPlan {
  /** In all, for each directory. */
  seconds: number;
  sizes: readonly number[];
  /** How many saves at once. */
  numbers: readonly number[];
  /** Whether every contender is measured by size and by number at once, or the main ones only. */
  allContenders: boolean;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Enough for the baseline and the saves: the answer in five seconds. */
export const QUICK: BenchPlan = { seconds: 5, sizes: [], numbers: [], allContenders: false };

export const USUAL: BenchPlan = {
  seconds: 15,
  sizes: [512, 4 * KIB, 64 * KIB, MIB],
  numbers: [1, 8, 64],
  allContenders: false,
};

export const FULL: BenchPlan = {
  seconds: 120,
  sizes: [512, 4 * KIB, 32 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 64 * MIB],
  numbers: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  allContenders: true,
};

/** Of a plan's seconds. What is not measured leaves its share to the rest. */
const SHARES = { single: 11, sizes: 4, numbers: 5 } as const;

/** How many seconds each part of the plan has. */
export function shareOut({ seconds, sizes, numbers }: BenchPlan): Record<keyof typeof SHARES, number> {
  const shares = {
    ...SHARES,
    sizes: sizes.length === 0 ? 0 : SHARES.sizes,
    numbers: numbers.length === 0 ? 0 : SHARES.numbers,
  };
  const unit = seconds / (shares.single + shares.sizes + shares.numbers);
  return {
    single: shares.single * unit,
    sizes: shares.sizes * unit,
    numbers: shares.numbers * unit,
  };
}
