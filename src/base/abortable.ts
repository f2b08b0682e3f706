import { abortError } from './errors.js';

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

/** Called between the steps of a save, until the step that publishes the file. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
