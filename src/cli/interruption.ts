import { constants } from 'node:os';
import { isError } from '../base/errors.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The command was stopped by a signal, and has cleaned up. */
export class Interrupted extends Error {
  /** 128 plus the number of the signal, as in shells. */
  readonly exitStatus: number;

  constructor(signal: (typeof SIGNALS)[number]) {
    super(`interrupted by ${signal}`);
    this.name = 'AbortError';
    this.exitStatus = 128 + constants.signals[signal];
  }
}

/**
 * Runs `work` with an `AbortSignal` that SIGINT, SIGTERM and SIGHUP abort. `work` cleans up and rejects.
 *
 * The handlers stay until then, and ignore further signals. On Ctrl-C, `npm run` sends a second SIGINT to a process
 * that already has one from the terminal. The second one must not stop the clean-up.
 *
 * @throws {Interrupted} instead of the `AbortError` of `work`. If `work` succeeds although it was interrupted, its
 *   result is returned as usual.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (signal: (typeof SIGNALS)[number]) => controller.abort(new Interrupted(signal));
  for (const signal of SIGNALS) process.on(signal, abort);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted && isError(error) && error.name === 'AbortError') {
      throw controller.signal.reason;
    }
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, abort);
  }
}
