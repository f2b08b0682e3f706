/** The steps of a power of ten. Each step is a third wider than the one before. */
const STEPS = 8;

/** How many values lie in each step of a logarithmic scale. */
export interface Steps {
  /** The number of the first step. Step `n` begins at `stepStart(n)`. */
  first: number;
  counts: number[];
}

/** Where a step begins, in the unit of the values. */
export function stepStart(step: number): number {
  return 10 ** (step / STEPS);
}

/** Counts positive values in logarithmic steps. */
export class LogHistogram {
  readonly #counts = new Map<number, number>();

  record(value: number): void {
    const step = Math.floor(STEPS * Math.log10(value));
    if (Number.isFinite(step)) this.#counts.set(step, (this.#counts.get(step) ?? 0) + 1);
  }

  /** @returns `undefined` without values. */
  steps(): Steps | undefined {
    if (this.#counts.size === 0) return undefined;
    const first = Math.min(...this.#counts.keys());
    const last = Math.max(...this.#counts.keys());
    const counts = Array.from(
      { length: last - first + 1 },
      (_, index) => this.#counts.get(first + index) ?? 0,
    );
    return { first, counts };
  }
}
