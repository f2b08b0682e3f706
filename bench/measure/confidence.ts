/** Where the true value lies, in 95 of 100 such measurements. */
export type Interval = [low: number, high: number];

/** Two-sided. */
const ERROR = 0.05;

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}

/**
 * A confidence interval of the median, from the order of the values alone: no distribution is assumed. How many of n
 * values lie below the true median is binomial with p = 1/2, so the interval goes from the k-th smallest to the k-th
 * largest, with the largest k for which fewer than k lie on either side with a probability of at most 5 %.
 *
 * @param values independent of each other, as the medians of rounds are and single saves are not.
 * @returns `undefined` for fewer than six values, with which no interval is that sure.
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

/** What the values are in those of another series, value by value: both were taken in the same rounds. */
export function ratios(values: readonly number[], ofThose: readonly number[]): number[] {
  return values.flatMap((value, index) => {
    const other = ofThose[index];
    return other === undefined ? [] : [value / other];
  });
}
