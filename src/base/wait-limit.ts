import { startTimer, stopTimer } from './clock.js';
import { abortError } from './errors.js';

/** The limits of a wait for earlier updates. */
export interface WaitLimit {
  /** In milliseconds. The count starts again whenever an earlier update ends. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** The error to reject with when the timeout expires. */
  timeoutError(): Error;
}

/** Node's `setTimeout` fires at once for a longer delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits until `granted` resolves, within the limits.
 *
 * @param idle returns for how long no earlier update has ended, in milliseconds.
 * @throws the timeout error, or the error of the aborted signal.
 */
export function waitWithLimit(
  granted: Promise<void>,
  { timeout, signal, timeoutError }: WaitLimit,
  idle: () => number,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (action: () => void): void => {
      stopTimer(timer);
      signal?.removeEventListener('abort', abort);
      action();
    };
    const abort = (): void => {
      if (signal !== undefined) settle(() => reject(abortError(signal)));
    };
    const checkTimeout = (): void => {
      const left = timeout - idle();
      if (left <= 0) settle(() => reject(timeoutError()));
      else if (left < Number.POSITIVE_INFINITY)
        timer = startTimer(checkTimeout, Math.min(left, MAX_TIMER_MS));
    };
    signal?.addEventListener('abort', abort, { once: true });
    granted.then(
      () => settle(resolve),
      (error) => settle(() => reject(error)),
    );
    checkTimeout();
  });
}
