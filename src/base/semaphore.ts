/** Waits until it is granted; `idle` tells for how long no slot has been given back, in milliseconds. May give up by rejecting. */
export type Wait = (granted: Promise<void>, idle: () => number) => Promise<void>;

/** A limited number of slots, given in the order in which they were asked for. */
export class Semaphore {
  #free: number;
  /** Tasks that wait and tasks that have a slot. */
  #present = 0;
  readonly #waiting: (() => void)[] = [];
  /** When a slot was last given back: `performance.now()`. */
  #releasedAt = 0;

  constructor(slots: number) {
    this.#free = slots;
  }

  get unused(): boolean {
    return this.#present === 0;
  }

  /**
   * Runs the task when there is a slot for it.
   *
   * @param wait how to wait where there is none. Default: for ever.
   */
  async run<T>(task: () => Promise<T>, wait: Wait = (granted) => granted): Promise<T> {
    this.#present += 1;
    try {
      if (this.#free > 0) this.#free -= 1;
      else await this.#acquire(wait);
      try {
        return await task();
      } finally {
        this.#release();
      }
    } finally {
      this.#present -= 1;
    }
  }

  async #acquire(wait: Wait): Promise<void> {
    const askedAt = performance.now();
    let grant = (): void => undefined;
    const granted = new Promise<void>((resolve) => {
      grant = resolve;
    });
    this.#waiting.push(grant);
    try {
      await wait(granted, () => performance.now() - Math.max(askedAt, this.#releasedAt));
    } catch (error) {
      const at = this.#waiting.indexOf(grant);
      // Granted at the very moment in which it gave up: the slot is passed on.
      if (at < 0) this.#release();
      else this.#waiting.splice(at, 1);
      throw error;
    }
  }

  #release(): void {
    this.#releasedAt = performance.now();
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
