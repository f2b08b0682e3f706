import { abortError } from '../../base/errors.js';

/** Called between the steps of a save, up to the one that publishes the file. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
