import { now } from './clock.js';

/**
 * Waits until `granted` resolves, or gives up by rejecting. `idle` returns for how long no slot has been
 * released, in milliseconds.
 */
export type Wait = (granted: Promise<void>, idle: () => number) => Promise<void>;

/** A limited number of slots, granted in the order of the calls of `run`. */
export class Semaphore {
  #freeSlots: number;
  /** The number of tasks that wait or have a slot. */
  #tasks = 0;
  readonly #waiters: (() => void)[] = [];
  /** When a slot was last released: `now()`. */
  #releasedAt = 0;

  constructor(slots: number) {
    this.#freeSlots = slots;
  }

  get isIdle(): boolean {
    return this.#tasks === 0;
  }

  /**
   * Runs the task when a slot is free.
   *
   * @param wait how to wait while no slot is free. Default: without a limit.
   */
  async run<T>(task: () => Promise<T>, wait: Wait = (granted) => granted): Promise<T> {
    this.#tasks += 1;
    try {
      if (this.#freeSlots > 0) this.#freeSlots -= 1;
      else await this.#acquire(wait);
      try {
        return await task();
      } finally {
        this.#release();
      }
    } finally {
      this.#tasks -= 1;
    }
  }

  async #acquire(wait: Wait): Promise<void> {
    const askedAt = now();
    let grant = (): void => undefined;
    const granted = new Promise<void>((resolve) => {
      grant = resolve;
    });
    this.#waiters.push(grant);
    try {
      await wait(granted, () => now() - Math.max(askedAt, this.#releasedAt));
    } catch (error) {
      const at = this.#waiters.indexOf(grant);
      // The slot was granted at the moment of giving up. It goes to the next task.
      if (at < 0) this.#release();
      else this.#waiters.splice(at, 1);
      throw error;
    }
  }

  #release(): void {
    this.#releasedAt = now();
    const next = this.#waiters.shift();
    if (next === undefined) this.#freeSlots += 1;
    else next();
  }
}
