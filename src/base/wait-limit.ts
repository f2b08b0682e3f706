import { whenAborted } from './abortable.js';
import { now, startTimer, stopTimer } from './clock.js';
import { abortError } from './errors.js';

/** The limits of a wait for earlier updates. */
export interface WaitLimit {
  /** In milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** The error to reject with when the timeout expires. */
  timeoutError(): Error;
}

/** An update whose turn has come in its process. It waits for the lock, holds it, and may wait again. */
export interface Turn {
  /**
   * How long the update has waited in all, in milliseconds. Not counted: the time in which it held the lock
   * itself, and in which earlier updates of this process held it, if those have ended.
   */
  waited(): number;
  /** Tells that the update holds the lock now, or holds it no longer. */
  hold(holds: boolean): void;
}

/** The turn of an update without earlier ones. */
export class FirstTurn implements Turn {
  #since = now();
  #heldSince: number | undefined;

  waited(): number {
    return (this.#heldSince ?? now()) - this.#since;
  }

  hold(holds: boolean): void {
    const time = now();
    if (this.#heldSince !== undefined) this.#since += time - this.#heldSince;
    this.#heldSince = holds ? time : undefined;
  }
}

/** Node's `setTimeout` fires at once for a longer delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits until `granted` resolves, within the limits.
 *
 * @param waited returns for how long it has waited, in milliseconds. It may decrease when an earlier update
 *   ends.
 * @throws the timeout error, or the error of the aborted signal.
 */
export function waitWithLimit(
  granted: Promise<void>,
  { timeout, signal, timeoutError }: WaitLimit,
  waited: () => number,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let end = (): void => undefined;
    const settle = (action: () => void): void => {
      stopTimer(timer);
      end();
      action();
    };
    const checkTimeout = (): void => {
      const left = timeout - waited();
      if (left <= 0) settle(() => reject(timeoutError()));
      else if (left < Number.POSITIVE_INFINITY)
        timer = startTimer(checkTimeout, Math.min(left, MAX_TIMER_MS));
    };
    if (signal !== undefined) end = whenAborted(signal, () => settle(() => reject(abortError(signal))));
    granted.then(
      () => settle(resolve),
      (error) => settle(() => reject(error)),
    );
    checkTimeout();
  });
}
