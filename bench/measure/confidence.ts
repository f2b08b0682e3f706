/** A 95 % confidence interval: in 95 of 100 such measurements it contains the true value. */
export type Interval = [low: number, high: number];

/** The fewest values of which `medianInterval` gives an interval. */
export const FEWEST_ROUNDS = 6;

/** Two-sided. */
const ERROR = 0.05;

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}

/**
 * A confidence interval of the median, from the order of the values alone. No distribution is assumed. The number of
 * values below the true median is binomial with p = 1/2. So the interval goes from the k-th smallest to the k-th
 * largest value, with the largest k for which fewer than k lie on either side with a probability of at most 5 %.
 *
 * @param values independent of each other: the medians of rounds, not single saves.
 * @returns `undefined` for fewer than six values, which are too few for a 95 % interval.
 */
export function medianInterval(values: readonly number[]): Interval | undefined {
  const count = values.length;
  let probability = 2 ** -count;
  let tail = 0;
  let k = 0;
  for (; 2 * (tail + probability) <= ERROR; k += 1) {
    tail += probability;
    probability *= (count - k) / (k + 1);
  }
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[k - 1];
  const high = sorted[count - k];
  return low === undefined || high === undefined ? undefined : [low, high];
}

/** The ratios of two series, round by round. */
export function ratios(values: readonly number[], divisors: readonly number[]): number[] {
  return values.flatMap((value, index) => {
    const divisor = divisors[index];
    return divisor === undefined ? [] : [value / divisor];
  });
}
