/** Milliseconds between two lines. */
const INTERVAL = 30_000;

/** Says on standard error how long the rest of a run will take, by the time that its tests have taken so far. */
export class Progress {
  readonly #tests: number;
  readonly #started = performance.now();
  #done = 0;
  #shown = Number.NEGATIVE_INFINITY;

  /** @param tests how many tests there are. */
  constructor(tests: number) {
    this.#tests = tests;
  }

  /** One more has ended. */
  show(): void {
    this.#done++;
    const now = performance.now();
    if (now - this.#shown < INTERVAL) return;
    this.#shown = now;
    const left = ((now - this.#started) / this.#done) * (this.#tests - this.#done);
    console.warn(`${this.#done} of ${this.#tests} tests; ${Math.ceil(left / 60_000)} min are left`);
  }
}
