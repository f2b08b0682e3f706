import { startTimer, stopTimer } from './clock.js';
import { abortError } from './errors.js';

/**
 * How long an aborted call waits for what it has begun: so many timers of so many milliseconds, which take
 * longer on a busy machine. In that time a disk has removed the temporary of a save, and only a server that
 * does not answer has not.
 */
const TIMERS = 5;
const TIMER_MS = 10;

/**
 * Settles as the given promise does. If the signal is aborted first, rejects at once, without waiting for the
 * promise.
 */
export async function abortable<T>(given: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return given;
  if (signal.aborted) throw abortError(signal);
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(abortError(signal));
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([given, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** What an aborted call that is held up leaves behind. */
export interface Leaving {
  /** Whether the call is certain to publish nothing, now that its signal is aborted. */
  mayLeave(): boolean;
  /** Called if the call is left behind. */
  leave?(): void;
}

/**
 * Settles as the given promise does, that of a call that undoes its work when the signal is aborted. If a
 * disk or a server holds that up, rejects with the abort error meanwhile. The call ends later.
 */
export function unlessHeldUp<T>(
  given: Promise<T>,
  signal: AbortSignal | undefined,
  leaving: Leaving,
): Promise<T> {
  if (signal === undefined) return given;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const wait = (timers: number): void => {
      timer = startTimer(() => {
        if (timers > 1) return wait(timers - 1);
        leaving.leave?.();
        reject(abortError(signal));
      }, TIMER_MS);
    };
    const aborted = (): void => {
      if (leaving.mayLeave()) wait(TIMERS);
    };
    const settle = (): void => {
      stopTimer(timer);
      signal.removeEventListener('abort', aborted);
    };
    given.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
}

/** Called between the steps of a save, until the step that publishes the file. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
