import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

// The clock and the timers of waits. They are taken when the library is loaded: fake timers that a test
// installs later (vitest, Jest, sinon, `mock.timers` of `node:test`) replace the properties of the global
// object and of Node's modules, and must not stop a save or an update.

export const startTimer = setTimeout;
export const stopTimer = clearTimeout;
export const runSoon = setImmediate;

const { hrtime } = process;

/** In milliseconds, from any point in time on. Loading `node:perf_hooks` costs more than a save. */
export function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** In nanoseconds, from any point in time on. */
export const nowExactly: () => bigint = hrtime.bigint;

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => startTimer(resolve, milliseconds));
}
