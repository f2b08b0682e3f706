import { abortError } from './errors.js';

/** How long somebody waits for what is ahead of it. */
export interface Patience {
  /** In milliseconds, counted anew whenever one of those ahead has come to its end. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** What to reject with when it is over. */
  exhausted(): Error;
}

/** Longer timers than this fire at once (`setTimeout` of Node). */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A limited number of places; who finds none free waits in the order of arrival. */
export class WaitingLine {
  #free: number;
  /** Those that wait and those that have a place. */
  #present = 0;
  readonly #waiting: (() => void)[] = [];
  /** When somebody last left, in milliseconds. */
  #moved = 0;

  constructor(places: number) {
    this.#free = places;
  }

  get empty(): boolean {
    return this.#present === 0;
  }

  /** Runs the task when there is a place for it. */
  async run<T>(patience: Patience, task: () => Promise<T>): Promise<T> {
    this.#present += 1;
    try {
      if (this.#free > 0) this.#free -= 1;
      else await this.#wait(patience);
      try {
        return await task();
      } finally {
        this.#passOn();
      }
    } finally {
      this.#present -= 1;
    }
  }

  #passOn(): void {
    this.#moved = performance.now();
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  #wait({ timeout, signal, exhausted }: Patience): Promise<void> {
    if (signal?.aborted) return Promise.reject(abortError(signal));
    const arrived = performance.now();
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const proceed = (): void => {
        leave();
        resolve();
      };
      const giveUp = (error: Error): void => {
        leave();
        this.#waiting.splice(this.#waiting.indexOf(proceed), 1);
        reject(error);
      };
      const abort = (): void => {
        if (signal !== undefined) giveUp(abortError(signal));
      };
      const look = (): void => {
        const left = Math.max(arrived, this.#moved) + timeout - performance.now();
        if (left <= 0) giveUp(exhausted());
        else if (left < Number.POSITIVE_INFINITY) timer = setTimeout(look, Math.min(left, LONGEST_TIMER));
      };
      this.#waiting.push(proceed);
      signal?.addEventListener('abort', abort, { once: true });
      look();
    });
  }
}
