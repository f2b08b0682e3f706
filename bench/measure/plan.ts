/** What is measured in a directory, and for how long. */
export interface BenchPlan {
  /** The total for each directory. */
  seconds: number;
  /** How long measuring may go on, where the answer rests on too few samples after `seconds`. */
  longest: number;
  sizes: readonly number[];
  /** Numbers of saves at once. */
  numbers: readonly number[];
  /** Whether all implementations are measured by size and by number at once. If not, only the main ones. */
  allContenders: boolean;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Only the baseline and single saves. */
export const QUICK: BenchPlan = { seconds: 5, longest: 15, sizes: [], numbers: [], allContenders: false };

export const USUAL: BenchPlan = {
  seconds: 15,
  longest: 45,
  sizes: [512, 4 * KIB, 64 * KIB, MIB],
  numbers: [1, 8, 64],
  allContenders: false,
};

export const FULL: BenchPlan = {
  seconds: 120,
  longest: 240,
  sizes: [512, 4 * KIB, 32 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 64 * MIB],
  numbers: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  allContenders: true,
};

/** The parts of a plan's seconds. A part that is not measured leaves its share to the others. */
const SHARES = { single: 11, sizes: 4, numbers: 5 } as const;

/** The seconds of each part of the plan. */
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
