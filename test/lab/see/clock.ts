import { performance } from 'node:perf_hooks';

/** Microseconds since 1970, on the clock of strace's and nbdkit's logs. */
export function now(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}
