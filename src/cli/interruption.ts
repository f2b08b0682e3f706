import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal ended the command, which has cleaned up behind itself. */
export class Interrupted extends Error {
  /** 128 and the signal's number, as shells count it. */
  readonly exitStatus: number;

  constructor(signal: (typeof SIGNALS)[number]) {
    super(`interrupted by ${signal}`);
    this.name = 'AbortError';
    this.exitStatus = 128 + constants.signals[signal];
  }
}

/**
 * Runs `work` with a signal that SIGINT, SIGTERM and SIGHUP abort, and leaves it to `work` to clean up and reject.
 *
 * The handlers stay until then, however often the signal comes: `npm run` passes a Ctrl-C on to a process that the
 * terminal has already told, and the second one must not end the clean-up of the first.
 *
 * @throws {Interrupted} instead of the `AbortError` with which `work` rejected. Work that was interrupted too late
 *   and succeeded all the same returns as usual.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (signal: (typeof SIGNALS)[number]) => controller.abort(new Interrupted(signal));
  for (const signal of SIGNALS) process.on(signal, abort);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted && error instanceof Error && error.name === 'AbortError') {
      throw controller.signal.reason;
    }
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, abort);
  }
}
