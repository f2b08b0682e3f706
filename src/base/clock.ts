import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';

// The clock and the timers of waits. They are taken when the library is loaded: fake timers that a test
// installs later (vitest, Jest, sinon, `mock.timers` of `node:test`) replace the properties of the global
// object and of Node's modules, and must not stop a save or an update.

export const startTimer = setTimeout;
export const stopTimer = clearTimeout;

/** In milliseconds, from any point in time on. */
export const now: () => number = performance.now.bind(performance);

/** In nanoseconds, from any point in time on. */
export const nowExactly: () => bigint = process.hrtime.bigint;

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => startTimer(resolve, milliseconds));
}
