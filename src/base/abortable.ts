import { startTimer, stopTimer } from './clock.js';
import { abortError } from './errors.js';

/**
 * How long an aborted call waits for what it has begun: so many timers of so many milliseconds, which take
 * longer on a busy machine. In that time a disk has removed the temporary of a save, and only a server that
 * does not answer has not.
 */
const TIMERS = 5;
const TIMER_MS = 10;

/** The calls that listen to a signal. They share one listener: Node warns of more than ten. */
interface Listening {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

/** Calls the function if the signal is aborted. @returns a function that ends this. */
export function whenAborted(signal: AbortSignal, call: () => void): () => void {
  let { calls, listener } = listening.get(signal) ?? {};
  if (calls === undefined || listener === undefined) {
    const added = new Set<() => void>();
    calls = added;
    listener = () => {
      listening.delete(signal);
      for (const one of added) one();
    };
    listening.set(signal, { calls, listener });
    signal.addEventListener('abort', listener, { once: true });
  }
  calls.add(call);
  return () => {
    if (!calls.delete(call) || calls.size > 0 || signal.aborted) return;
    listening.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}

/**
 * Settles as the given promise does. If the signal is aborted first, rejects at once, without waiting for the
 * promise.
 */
export async function abortable<T>(given: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return given;
  if (signal.aborted) throw abortError(signal);
  let end = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    end = whenAborted(signal, () => reject(abortError(signal)));
  });
  try {
    return await Promise.race([given, aborted]);
  } finally {
    end();
  }
}

/** How a call is cancelled when its signal is aborted. */
export interface Cancellation {
  /** @returns whether it is certain that the call publishes nothing. */
  cancel(): boolean;
  /** Called if its caller does not wait any longer for what the call has still to undo. */
  detach?(): void;
}

/**
 * Settles as the given promise does, that of a call that undoes its work when the signal is aborted. If a
 * disk or a server holds that up, rejects with the abort error meanwhile. The call ends later.
 */
export function settlePromptly<T>(
  given: Promise<T>,
  signal: AbortSignal | undefined,
  cancellation: Cancellation,
): Promise<T> {
  if (signal === undefined) return given;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const wait = (timers: number): void => {
      timer = startTimer(() => {
        if (timers > 1) return wait(timers - 1);
        cancellation.detach?.();
        reject(abortError(signal));
      }, TIMER_MS);
    };
    const aborted = (): void => {
      if (cancellation.cancel()) wait(TIMERS);
    };
    let end = (): void => undefined;
    const settle = (): void => {
      stopTimer(timer);
      end();
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
    else end = whenAborted(signal, aborted);
  });
}

/** Called between the steps of a save, until the step that publishes the file. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
