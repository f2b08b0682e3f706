export type Part = 'single' | 'sizes' | 'numbers';

/** What is measured in a directory, and for how long. */
export interface BenchPlan {
  /** The total for each directory. */
  seconds: number;
  /** How long measuring may go on, where the answer rests on too few samples after `seconds`. */
  longest: number;
  sizes: readonly number[];
  /** Numbers of saves at once. */
  numbers: readonly number[];
  /** The implementations that are measured by size and by number at once: `'answer'` is the durable save alone. */
  series: 'answer' | 'main' | 'all';
  /** The parts of `seconds`, in proportion. */
  shares: Readonly<Record<Part, number>>;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The baseline and single saves, and as many durable saves at once as the disk takes. */
export const QUICK: BenchPlan = {
  seconds: 5,
  longest: 15,
  sizes: [],
  numbers: [8, 64],
  series: 'answer',
  shares: { single: 5, sizes: 0, numbers: 1 },
};

const SHARES = { single: 11, sizes: 4, numbers: 5 };

export const USUAL: BenchPlan = {
  seconds: 15,
  longest: 45,
  sizes: [512, 4 * KIB, 64 * KIB, MIB],
  numbers: [1, 8, 64],
  series: 'main',
  shares: SHARES,
};

export const FULL: BenchPlan = {
  seconds: 120,
  longest: 240,
  sizes: [512, 4 * KIB, 32 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 64 * MIB],
  numbers: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  series: 'all',
  shares: SHARES,
};

/** The seconds of each part of the plan. */
export function shareOut({ seconds, shares }: BenchPlan): Record<Part, number> {
  const unit = seconds / (shares.single + shares.sizes + shares.numbers);
  return {
    single: shares.single * unit,
    sizes: shares.sizes * unit,
    numbers: shares.numbers * unit,
  };
}
