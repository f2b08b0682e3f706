import { abortError } from './errors.js';

/** For how long to wait for others. */
export interface WaitLimit {
  /** In milliseconds, counted anew whenever one of those ahead has come to its end. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** What to reject with when it is over. */
  timeoutError(): Error;
}

/** Longer timers than this fire at once (`setTimeout` of Node). */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Waits until `granted` resolves, but not for longer than patience lasts.
 *
 * @param idle for how long none of those ahead has come to its end, in milliseconds.
 * @throws what patience is exhausted with, or the error of its signal.
 */
export function waitWithLimit(
  granted: Promise<void>,
  { timeout, signal, timeoutError }: WaitLimit,
  idle: () => number,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      act();
    };
    const abort = (): void => {
      if (signal !== undefined) settle(() => reject(abortError(signal)));
    };
    const look = (): void => {
      const left = timeout - idle();
      if (left <= 0) settle(() => reject(timeoutError()));
      else if (left < Number.POSITIVE_INFINITY) timer = setTimeout(look, Math.min(left, LONGEST_TIMER));
    };
    signal?.addEventListener('abort', abort, { once: true });
    granted.then(
      () => settle(resolve),
      (error) => settle(() => reject(error)),
    );
    look();
  });
}
