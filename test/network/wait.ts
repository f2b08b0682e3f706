import { setTimeout as pause } from 'node:timers/promises';

/** What has not happened after this time never will: the lab is given up. No promise is judged by it. */
const GUARD_MS = 120_000;

/** Waits until a condition holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = performance.now(); !(await holds()); await pause(50)) {
    if (performance.now() - start > GUARD_MS) throw new Error(`waited in vain: ${what}`);
  }
}

/** Waits for a promise, but not for ever. */
export async function settled<Value>(
  what: string,
  promise: Promise<Value>,
  guard = GUARD_MS,
): Promise<Value> {
  const given = new AbortController();
  try {
    return await Promise.race([
      promise,
      pause(guard, undefined, { signal: given.signal }).then(() => {
        throw new Error(`waited in vain: ${what}`);
      }),
    ]);
  } finally {
    given.abort();
  }
}
